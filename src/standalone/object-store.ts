import { isDeepStrictEqual } from 'node:util';
import type { BotFleet } from '../api/bot-fleet.ts';
import type { TenantBot } from '../api/tenant-bot.ts';

/** An object as `kubectl get -o json` would show it. */
export type StoredObject = TenantBot | BotFleet;
export type StoredKind = StoredObject['kind'];

/** One change of the store, in the words of the Kubernetes watch API. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

/** The objects with their status, as people and programs may see them, and who watches them. */
export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #watchers = new Set<(event: WatchEvent) => void>();

  /** Takes `object` in place of the one with its uid. Tells nobody where nothing has changed. */
  put(object: StoredObject): void {
    const before = this.#objects.get(object.metadata.uid);
    if (before && isDeepStrictEqual(before, object)) return;
    this.#objects.set(object.metadata.uid, object);
    this.#tell({ type: before ? 'MODIFIED' : 'ADDED', object });
  }

  delete(uid: string): void {
    const object = this.#objects.get(uid);
    if (!object) return;
    this.#objects.delete(uid);
    this.#tell({ type: 'DELETED', object });
  }

  /** All objects, in no order that means anything. */
  all(): Iterable<StoredObject> {
    return this.#objects.values();
  }

  find(uid: string): StoredObject | undefined {
    return this.#objects.get(uid);
  }

  /** All objects of a kind, by namespace and name. */
  list<Kind extends StoredKind>(kind: Kind): Extract<StoredObject, { kind: Kind }>[] {
    const found: StoredObject[] = [];
    for (const object of this.#objects.values()) if (object.kind === kind) found.push(object);
    return found.toSorted(byName) as Extract<StoredObject, { kind: Kind }>[];
  }

  get<Kind extends StoredKind>(
    kind: Kind,
    namespace: string,
    name: string,
  ): Extract<StoredObject, { kind: Kind }> | undefined {
    return this.list(kind).find(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    );
  }

  /** Hears of every change from now on, until the returned function is called. */
  watch(listener: (event: WatchEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  #tell(event: WatchEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }
}

function byName(a: StoredObject, b: StoredObject): number {
  const left = `${a.metadata.namespace}/${a.metadata.name}`;
  const right = `${b.metadata.namespace}/${b.metadata.name}`;
  return left < right ? -1 : 1;
}
