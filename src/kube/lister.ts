import type { KubeObject, ObjectKey } from './resource.ts';

/** Hears what changes in a cache. Handlers must not throw; one that does is logged, no more. */
export interface CacheListener<T> {
  /** `before` is undefined for a new object, `after` for one that has gone. */
  (change: {
    readonly key: ObjectKey;
    readonly before: T | undefined;
    readonly after: T | undefined;
  }): void;
}

/** What reconcilers may do with a cache: read it, by key or by an index, and hear of changes. */
export interface Lister<T extends KubeObject, IndexName extends string = never> {
  get(key: ObjectKey): T | undefined;
  list(): Iterable<T>;
  readonly size: number;
  /** The objects that the index files under `value`. */
  byIndex(index: IndexName, value: string): readonly T[];
  /** Hears of every change from now on, until the returned function is called. */
  subscribe(listener: CacheListener<T>): () => void;
  /** Whether the first list is complete. */
  readonly synced: boolean;
}
