import { z } from 'zod';
import { RequestProblem } from '../../admin/problem.ts';
import { API_VERSION } from '../../api/group.ts';
import type { ObjectStore, StoredKind, StoredObject } from '../object-store.ts';
import type { Api } from './api.ts';
import { EventStream, NDJSON } from './event-stream.ts';

/** Where objects are found: the paths of a Kubernetes API server. */
export const OBJECTS_PATH = `/apis/${API_VERSION}`;

const PLURALS = { tenantbots: 'TenantBot', botfleets: 'BotFleet' } as const;
const plural = z.enum(['tenantbots', 'botfleets']);
const listQuery = z.object({ watch: z.enum(['true', 'false']).default('false') });

/** Listing, reading and watching objects. */
export function addObjectRoutes(api: Api, objects: ObjectStore, streams: Set<EventStream>): void {
  const answer = (kind: StoredKind, namespace: string | undefined, watch: boolean) =>
    watch ? watchStream(objects, { kind, namespace }, streams) : listOf(objects, kind, namespace);
  api.get(
    `${OBJECTS_PATH}/:plural`,
    { schema: { params: z.object({ plural }), querystring: listQuery } },
    ({ params, query }, reply) => {
      const watch = query.watch === 'true';
      if (watch) void reply.type(NDJSON);
      return reply.send(answer(PLURALS[params.plural], undefined, watch));
    },
  );
  api.get(
    `${OBJECTS_PATH}/namespaces/:namespace/:plural`,
    { schema: { params: z.object({ namespace: z.string(), plural }), querystring: listQuery } },
    ({ params, query }, reply) => {
      const watch = query.watch === 'true';
      if (watch) void reply.type(NDJSON);
      return reply.send(answer(PLURALS[params.plural], params.namespace, watch));
    },
  );
  api.get(
    `${OBJECTS_PATH}/namespaces/:namespace/:plural/:name`,
    { schema: { params: z.object({ namespace: z.string(), plural, name: z.string() }) } },
    ({ params }) => find(objects, PLURALS[params.plural], params),
  );
}

/** The object of that name; ends the request with a problem where there is none. */
export function find<Kind extends StoredKind>(
  objects: ObjectStore,
  kind: Kind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Extract<StoredObject, { kind: Kind }> {
  const object = objects.get(kind, namespace, name);
  if (object) return object;
  throw new RequestProblem(
    404,
    'OBJECT_NOT_FOUND',
    `there is no ${kind} ${namespace}/${name}; \`tenantbot get -A\` shows what there is`,
  );
}

function listOf(objects: ObjectStore, kind: StoredKind, namespace: string | undefined) {
  const items = objects.list(kind).filter((object) => isIn(object, namespace));
  return { apiVersion: API_VERSION, kind: `${kind}List`, metadata: {}, items };
}

/** All there is as ADDED, then every change. */
function watchStream(
  objects: ObjectStore,
  { kind, namespace }: { readonly kind: StoredKind; readonly namespace: string | undefined },
  streams: Set<EventStream>,
): EventStream {
  const stream = new EventStream(() => {
    stop();
    streams.delete(stream);
  });
  streams.add(stream);
  const stop = objects.watch((event) => {
    if (event.object.kind === kind && isIn(event.object, namespace)) stream.add(event);
  });
  for (const object of listOf(objects, kind, namespace).items)
    stream.add({ type: 'ADDED', object });
  return stream;
}

function isIn({ metadata }: StoredObject, namespace: string | undefined): boolean {
  return namespace === undefined || metadata.namespace === namespace;
}
