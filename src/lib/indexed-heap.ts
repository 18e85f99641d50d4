/**
 * A binary min-heap in which each item knows its place, so that one in the middle can be removed or
 * moved in O(log n). An item may be in it once.
 */
export class IndexedHeap<Item extends object> {
  readonly #before: (a: Item, b: Item) => boolean;
  readonly #items: Item[] = [];
  readonly #places = new Map<Item, number>();

  /** `before(a, b)`: whether `a` comes out ahead of `b`. Must be a strict order. */
  constructor(before: (a: Item, b: Item) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first item, without taking it. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#place(item, this.#items.length);
    this.#rise(item);
  }

  /** Takes the first item. */
  pop(): Item | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Restores the order after `item`'s rank has changed. */
  update(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  /** Takes `item` out, wherever it is; nothing happens where it is not there. */
  remove(item: Item): void {
    const index = this.#places.get(item);
    if (index === undefined) return;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#place(last, index);
    this.update(last);
  }

  clear(): void {
    this.#items.length = 0;
    this.#places.clear();
  }

  /** The items, in no order. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.values();
  }

  #rise(item: Item): void {
    let index = this.#places.get(item) ?? 0;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: Item): void {
    let index = this.#places.get(item) ?? 0;
    for (;;) {
      const childIndex = this.#firstChild(index);
      const child = this.#items[childIndex];
      if (child === undefined || !this.#before(child, item)) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }

  /** Where the child is that comes first; past the end where there is none. */
  #firstChild(index: number): number {
    const left = this.#items[2 * index + 1];
    const right = this.#items[2 * index + 2];
    const rightFirst = left !== undefined && right !== undefined && this.#before(right, left);
    return 2 * index + (rightFirst ? 2 : 1);
  }

  #place(item: Item, index: number): void {
    this.#items[index] = item;
    this.#places.set(item, index);
  }
}
