import type { RateLimit } from './rate-limit.ts';

/**
 * For limits of so many a second: a twentieth more, since calls that left a second apart may arrive
 * a little less apart.
 */
export const WINDOW_MS = 1_050;
/** Entries that no longer count are dropped together once there are as many. */
const COMPACT_AT = 32;

/**
 * At most `limit` in any stretch of `windowMs`, however the stretch lies: what passed exactly
 * `windowMs` ago no longer counts. An idle one holds no times.
 */
export class SlidingWindow implements RateLimit {
  #limit: number;
  #windowMs: number;
  /** When what still counts has passed, the oldest at `#first`. */
  readonly #atMs: number[] = [];
  #first = 0;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Another limit from now on; what has passed counts towards it. */
  resize(limit: number, windowMs: number): void {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  earliestMs(nowMs: number, ahead: number): number {
    this.#forget(nowMs);
    // Those ahead fill the window again and again: only the place in the last round matters.
    const rounds = Math.floor(ahead / this.#limit);
    const counted = this.#atMs.length - this.#first;
    const index = counted + (ahead % this.#limit) - this.#limit;
    const oldestMs = index < 0 ? undefined : this.#atMs[this.#first + index];
    const freeMs = oldestMs === undefined ? nowMs : Math.max(nowMs, oldestMs + this.#windowMs);
    return freeMs + rounds * this.#windowMs;
  }

  add(nowMs: number): void {
    this.#forget(nowMs);
    this.#atMs.push(nowMs);
  }

  isIdle(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#atMs.length === 0;
  }

  #forget(nowMs: number): void {
    let first = this.#first;
    while (first < this.#atMs.length && !this.#counts(first, nowMs)) first++;
    this.#first = first;
    if (first === this.#atMs.length) this.#atMs.length = 0;
    else if (first >= COMPACT_AT && first * 2 >= this.#atMs.length) this.#atMs.splice(0, first);
    else return;
    this.#first = 0;
  }

  #counts(index: number, nowMs: number): boolean {
    return (this.#atMs[index] ?? Number.NEGATIVE_INFINITY) + this.#windowMs > nowMs;
  }
}
