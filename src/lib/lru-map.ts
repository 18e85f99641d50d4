/**
 * A map of at most `capacity` entries. When it is full, the entry that was neither read nor written
 * for the longest makes room.
 */
export class LruMap<Key, Value> {
  readonly #capacity: number;
  readonly #entries = new Map<Key, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, which now counts as used last. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as Key);
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** The values, the one that was not used for the longest first. Uses none of them. */
  values(): IterableIterator<Value> {
    return this.#entries.values();
  }
}
