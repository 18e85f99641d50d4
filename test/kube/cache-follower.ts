import { expect } from 'vitest';
import type { Lister } from '../../src/kube/lister.ts';
import { type KubeObject, type ObjectKey, objectKey } from '../../src/kube/resource.ts';

/**
 * Replays what a cache's listeners hear, and fails on whatever they must never hear: a change that
 * does not fit the one before, an object that turns into another one, a version that goes back. At
 * every change the replay equals the cache. Failures are kept for {@link CacheFollower.check}, as
 * the cache swallows what listeners throw.
 */
export class CacheFollower<T extends KubeObject> {
  readonly #cache: Lister<T, string>;
  readonly #replay: Map<ObjectKey, T>;
  readonly #newest = new Map<ObjectKey, bigint>();
  readonly #failures: unknown[] = [];

  constructor(cache: Lister<T, string>) {
    this.#cache = cache;
    this.#replay = new Map([...cache.list()].map((object) => [objectKey(object.metadata), object]));
    cache.subscribe(({ key, before, after }) => {
      try {
        this.#follow(key, before, after);
      } catch (error) {
        this.#failures.push(error);
      }
    });
  }

  /** Throws the first failure, if there was one. */
  check(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    expect(sorted(this.#replay.values())).toEqual(sorted(this.#cache.list()));
  }

  #follow(key: ObjectKey, before: T | undefined, after: T | undefined): void {
    expect(before).toBe(this.#replay.get(key));
    if (before && after) expect(after.metadata.uid).toBe(before.metadata.uid);
    if (after) {
      const version = BigInt(after.metadata.resourceVersion);
      expect(version).toBeGreaterThan(this.#newest.get(key) ?? -1n);
      this.#newest.set(key, version);
      this.#replay.set(key, after);
    } else {
      expect(before).toBeDefined();
      this.#replay.delete(key);
    }
    expect(this.#cache.get(key)).toBe(after);
    expect(this.#cache.size).toBe(this.#replay.size);
  }
}

/** Objects in the order of their keys, to be compared. */
export function sorted<T extends KubeObject>(objects: Iterable<T>): T[] {
  return [...objects].toSorted((a, b) => (objectKey(a.metadata) < objectKey(b.metadata) ? -1 : 1));
}
