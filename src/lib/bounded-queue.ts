/**
 * A first-in, first-out queue that never holds more than `capacity` items. When it is full, the
 * oldest item makes room and is counted, so that a slow reader costs memory of a known size.
 */
export class BoundedQueue<Item> {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  #dropped = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity must be a whole number above 0, not ${capacity}`);
    }
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  /** How many items made room for newer ones since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends `item`; returns the item that had to make room, if any. */
  push(item: Item): Item | undefined {
    let oldest: Item | undefined;
    if (this.#items.length === this.#capacity) {
      oldest = this.#items.shift();
      this.#dropped++;
    }
    this.#items.push(item);
    return oldest;
  }

  /** Takes the oldest item. */
  shift(): Item | undefined {
    return this.#items.shift();
  }

  /** The items, oldest first, without taking them. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.values();
  }
}
