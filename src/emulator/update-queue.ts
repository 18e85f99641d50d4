/** What became of an update that left its queue. */
export const UPDATE_FATES = ['confirmed', 'dropped', 'expired'] as const;
export type UpdateFate = (typeof UPDATE_FATES)[number];

/** One waiting update. `id` is the `update_id` that the bot sees. */
export interface Queued<Item> {
  readonly id: number;
  readonly expiresAtMs: number;
  readonly item: Item;
}

/** What a getUpdates call asks its queue for. */
export interface TakeRequest {
  readonly offset: number;
  readonly limit: number;
  readonly nowMs: number;
}

/** A queue refuses updates beyond this many. The real server's own bound is of the same order. */
export const QUEUE_CAPACITY = 100_000;

/** An offset further ahead than this is taken for a mistake and reads from the head. */
const MAX_AHEAD = 10;

/**
 * The updates that wait for one bot, oldest first, with getUpdates' rules for offsets. Pure: time
 * comes in with each call. `onGone` hears of every update that leaves, once.
 */
export class UpdateQueue<Item> {
  readonly #entries = new Map<number, Queued<Item>>();
  readonly #onGone: (entry: Queued<Item>, fate: UpdateFate) => void;
  #nextId: number;

  constructor(firstId: number, onGone: (entry: Queued<Item>, fate: UpdateFate) => void) {
    this.#nextId = firstId;
    this.#onGone = onGone;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The id that the next update gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Appends `item`; undefined when the queue is full. */
  push(item: Item, expiresAtMs: number): Queued<Item> | undefined {
    if (this.#entries.size >= QUEUE_CAPACITY) return undefined;
    const entry = { id: this.#nextId++, expiresAtMs, item };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  /**
   * What getUpdates answers: confirms everything below a positive offset; a negative one drops
   * all but the last −offset; the rest, up to `limit`, stays until it is confirmed.
   */
  take({ offset, limit, nowMs }: TakeRequest): Queued<Item>[] {
    if (offset < 0) this.keepLast(-offset);
    const from = offset > 0 && offset <= this.#nextId + MAX_AHEAD ? offset : 0;
    const taken: Queued<Item>[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.expiresAtMs < nowMs) this.#remove(entry, 'expired');
      else if (entry.id < from) this.#remove(entry, 'confirmed');
      else if (taken.length < limit) taken.push(entry);
      else break;
    }
    return taken;
  }

  /** The oldest updates after `afterId`, up to `limit`, confirming nothing: webhooks read so. */
  peek(afterId: number, limit: number, nowMs: number): Queued<Item>[] {
    const found: Queued<Item>[] = [];
    for (const entry of this.#entries.values()) {
      if (found.length === limit) break;
      if (entry.expiresAtMs < nowMs) this.#remove(entry, 'expired');
      else if (entry.id > afterId) found.push(entry);
    }
    return found;
  }

  /** Drops all but the newest `count`. */
  keepLast(count: number): void {
    let surplus = this.#entries.size - count;
    for (const entry of this.#entries.values()) {
      if (surplus-- <= 0) return;
      this.#remove(entry, 'dropped');
    }
  }

  /** Takes out one update, wherever it stands. Does nothing where it has left already. */
  settle(id: number, fate: UpdateFate): void {
    const entry = this.#entries.get(id);
    if (entry) this.#remove(entry, fate);
  }

  #remove(entry: Queued<Item>, fate: UpdateFate): void {
    this.#entries.delete(entry.id);
    this.#onGone(entry, fate);
  }
}
