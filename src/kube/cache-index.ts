import type { ObjectKey } from './resource.ts';

interface Bucket<T> {
  readonly objects: Map<ObjectKey, T>;
  /** The objects as an array, built when somebody asks, thrown away when the bucket changes. */
  snapshot: readonly T[] | undefined;
}

const NONE: readonly never[] = [];

/** Files objects under any number of values each. A value that no object bears takes no memory. */
export class CacheIndex<T> {
  readonly #valuesOf: (object: T) => readonly string[];
  readonly #buckets = new Map<string, Bucket<T>>();

  /** `valuesOf` must be pure: what it said of an object is asked again to take the object out. */
  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  /** The objects under `value`. The same array until one of them changes. */
  get(value: string): readonly T[] {
    const bucket = this.#buckets.get(value);
    if (!bucket) return NONE;
    bucket.snapshot ??= [...bucket.objects.values()];
    return bucket.snapshot;
  }

  /** Files `after` in the place of `before`; either may be missing. */
  update(key: ObjectKey, before: T | undefined, after: T | undefined): void {
    const values = new Set(after && this.#valuesOf(after));
    for (const value of before ? this.#valuesOf(before) : NONE) {
      if (!values.has(value)) this.#remove(key, value);
    }
    if (after) for (const value of values) this.#put(key, value, after);
  }

  #put(key: ObjectKey, value: string, object: T): void {
    let bucket = this.#buckets.get(value);
    if (!bucket) {
      bucket = { objects: new Map(), snapshot: undefined };
      this.#buckets.set(value, bucket);
    }
    bucket.objects.set(key, object);
    bucket.snapshot = undefined;
  }

  #remove(key: ObjectKey, value: string): void {
    const bucket = this.#buckets.get(value);
    if (!bucket) return;
    bucket.objects.delete(key);
    bucket.snapshot = undefined;
    if (bucket.objects.size === 0) this.#buckets.delete(value);
  }
}
