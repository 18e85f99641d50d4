import { isStatus } from '../kube/api-error.ts';
import type { KubeClient, ListOptions } from '../kube/client.ts';
import { apiVersionOf, type KubeObject, type Resource } from '../kube/resource.ts';
import { TenantBotError } from '../lib/errors.ts';
import type { SeenChange, SeenObject } from './object-access.ts';

const PAGE = 500;
/** The API server ends watches after some time of its own choice, no later than this. */
const WATCH_SECONDS = 300;

type Selectors = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;

/** All objects, a page at a time, and what a watch of them goes on from. */
export async function listObjects(
  client: KubeClient,
  resource: Resource,
  selectors: Selectors,
): Promise<{ readonly items: readonly SeenObject[]; readonly resourceVersion: string }> {
  const items: SeenObject[] = [];
  let token: string | undefined;
  for (;;) {
    try {
      const from = token === undefined ? {} : { continue: token };
      const page = await client.list(resource, { ...selectors, limit: PAGE, ...from });
      for (const item of page.items) items.push(seenObject(item, resource));
      token = page.metadata.continue || undefined;
      if (token === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
    } catch (error) {
      // The list took so long that its beginning is too old.
      if (token === undefined || !isStatus(error, 410)) throw error;
      items.length = 0;
      token = undefined;
    }
  }
}

/** What there is as ADDED, then every change; what was missed in between is ADDED again. */
export async function* watchObjects(
  client: KubeClient,
  resource: Resource,
  selectors: Selectors,
): AsyncGenerator<SeenChange> {
  for (;;) {
    const { items, resourceVersion } = await listObjects(client, resource, selectors);
    for (const object of items) yield { type: 'ADDED', object };
    try {
      yield* changesSince(client, resource, { ...selectors, resourceVersion });
    } catch (error) {
      // Too old to go on from, or cut off: begin anew, which fails in words where nobody is there.
      const isCutOff = error instanceof TenantBotError && error.kind === 'environment';
      if (!isStatus(error, 410) && !isCutOff) throw error;
    }
  }
}

async function* changesSince(
  client: KubeClient,
  resource: Resource,
  { resourceVersion, ...selectors }: Selectors & { readonly resourceVersion: string },
): AsyncGenerator<SeenChange> {
  const timeoutSeconds = WATCH_SECONDS;
  for (let from = resourceVersion; ; ) {
    const options = { ...selectors, resourceVersion: from, timeoutSeconds };
    for await (const event of client.watch(resource, options)) {
      if (event.type === 'BOOKMARK') from = event.resourceVersion;
      else {
        from = event.object.metadata.resourceVersion;
        yield { type: event.type, object: seenObject(event.object, resource) };
      }
    }
  }
}

/** Without `managedFields`, as kubectl shows objects. */
export function seenObject(object: KubeObject, resource?: Resource): SeenObject {
  const { apiVersion, kind, metadata, ...content } = object;
  const { namespace = '', ...others } = metadata as KubeObject['metadata'] & {
    managedFields?: unknown;
  };
  delete others.managedFields;
  return {
    apiVersion: apiVersion ?? (resource ? apiVersionOf(resource) : ''),
    kind: kind ?? resource?.kind ?? '',
    metadata: { ...others, namespace },
    ...content,
  };
}
