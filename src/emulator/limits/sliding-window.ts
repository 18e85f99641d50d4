/**
 * At most `limit` events in any stretch of `windowMs`, however the stretch lies: one that is
 * exactly `windowMs` old no longer counts. Pure: time comes in with each call and never goes back.
 */
export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  /** The times of the latest events, a ring of at most `limit`. */
  readonly #atMs: number[] = [];
  #next = 0;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** How long until one more event may happen; 0 where it may happen now. */
  waitMs(nowMs: number): number {
    if (this.#atMs.length < this.#limit) return 0;
    const oldestMs = this.#atMs[this.#next] ?? Number.NEGATIVE_INFINITY;
    return Math.max(0, oldestMs + this.#windowMs - nowMs);
  }

  /** Counts an event that {@link waitMs} let pass. */
  add(nowMs: number): void {
    this.#atMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#limit;
  }
}
