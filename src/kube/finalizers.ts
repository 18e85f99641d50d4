import { isStatus } from './api-error.ts';
import type { CallOptions, KubeClient, WriteOptions } from './client.ts';
import type { KubeObject, Resource } from './resource.ts';

/** More writers than this at once on one object's finalizers, and something is wrong. */
const MAX_CONFLICTS = 8;

/**
 * Adds `finalizer` to `object` and resolves to the object as it is then. Resolves to undefined where
 * it is too late for that: the object has gone or is on its way, or another bears its name now.
 */
export async function addFinalizer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  { object, finalizer, ...options }: FinalizerChange<T>,
): Promise<T | undefined> {
  return change({ client, resource, object, options }, (current) => {
    if (current.metadata.deletionTimestamp !== undefined) return undefined;
    const before = finalizersOf(current);
    return before.includes(finalizer) ? before : [...before, finalizer];
  });
}

/**
 * Takes `finalizer` away from `object` and resolves to the object as it is then, or to undefined
 * where it has gone. Other writers' finalizers stay, in their order.
 */
export async function removeFinalizer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  { object, finalizer, ...options }: FinalizerChange<T>,
): Promise<T | undefined> {
  return change({ client, resource, object, options }, (current) =>
    finalizersOf(current).filter((name) => name !== finalizer),
  );
}

/**
 * Which finalizer of which object, as last read. Where by that read nothing is to be done, nothing
 * is: a read that was stale shows when the cache has caught up.
 */
export interface FinalizerChange<T extends KubeObject> extends CallOptions {
  readonly object: T;
  readonly finalizer: string;
  readonly fieldManager?: string;
}

interface Target<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly object: T;
  readonly options: WriteOptions;
}

/**
 * Writes what `next` makes of the finalizers. A merge patch replaces the whole list, so it carries
 * the version that the list was read with, and after a conflict the object is read anew.
 */
async function change<T extends KubeObject>(
  { client, resource, object, options }: Target<T>,
  next: (current: T) => readonly string[] | undefined,
): Promise<T | undefined> {
  let current: T = object;
  for (let conflicts = 0; ; conflicts++) {
    const finalizers = next(current);
    if (finalizers === undefined) return undefined;
    if (finalizers.length === finalizersOf(current).length) return current;
    const { resourceVersion, uid } = current.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    try {
      return await client.mergePatch(resource, current.metadata, patch, options);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      if (!isStatus(error, 409) || conflicts === MAX_CONFLICTS) throw error;
    }
    const fresh = await reread({ client, resource, object, options });
    if (fresh === undefined) return undefined;
    current = fresh;
  }
}

async function reread<T extends KubeObject>(target: Target<T>): Promise<T | undefined> {
  const { client, resource, object, options } = target;
  try {
    const fresh = await client.get(resource, object.metadata, options);
    return fresh.metadata.uid === object.metadata.uid ? fresh : undefined;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function finalizersOf(object: KubeObject): readonly string[] {
  return object.metadata.finalizers ?? [];
}
