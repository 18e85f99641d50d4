/**
 * Keeps the newest `capacity` items under sequence numbers from 1 on. Older ones make room and are
 * counted; appending and looking up cost the same however many there are.
 */
export class Ring<Item> {
  readonly #capacity: number;
  readonly #slots: Item[] = [];
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The sequence number of the newest item, 0 where there is none. */
  get lastSeq(): number {
    return this.#count;
  }

  /** How many items made room for newer ones. */
  get dropped(): number {
    return Math.max(0, this.#count - this.#capacity);
  }

  /** Appends what `make` returns for the sequence number that it gets. */
  append(make: (seq: number) => Item): Item {
    const item = make(++this.#count);
    this.#slots[(this.#count - 1) % this.#capacity] = item;
    return item;
  }

  /** The items after sequence number `seq`, oldest first. */
  *since(seq: number): Generator<Item> {
    const first = Math.max(seq, this.dropped);
    for (let index = first; index < this.#count; index++) {
      yield this.#slots[index % this.#capacity] as Item;
    }
  }

  clear(): void {
    this.#slots.length = 0;
    this.#count = 0;
  }
}
