import type { RateLimit } from './rate-limit.ts';

/** For limits of so many a second: a hundredth more, since clocks are not quite alike. */
export const WINDOW_MS = 1_010;
/** Entries that no longer count are dropped together once there are as many. */
const COMPACT_AT = 32;

/**
 * At most `limit` in any stretch of `windowMs`, however the stretch lies: what passed exactly
 * `windowMs` ago no longer counts. What takes some time to pass, such as a call on its way, counts
 * from {@link begin} until `windowMs` after {@link end}, so that the limit holds whenever within
 * that time it arrives. An idle window holds no times.
 */
export class SlidingWindow implements RateLimit {
  #limit: number;
  #windowMs: number;
  /** What has begun and not ended. */
  #open = 0;
  /** When what still counts has passed, in order, the oldest at `#first`. */
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

  /** What is open counts as if it ended now. */
  earliestMs(nowMs: number, ahead: number): number {
    this.#forget(nowMs);
    const before = ahead + this.#open;
    // Those before fill the window again and again: only the place in the last round matters.
    const rounds = Math.floor(before / this.#limit);
    const counted = this.#atMs.length - this.#first;
    const index = counted + (before % this.#limit) - this.#limit;
    const oldestMs = index < 0 ? undefined : this.#atMs[this.#first + index];
    const freeMs = oldestMs === undefined ? nowMs : Math.max(nowMs, oldestMs + this.#windowMs);
    return freeMs + rounds * this.#windowMs;
  }

  /** Counts one that passes at `atMs`, now or soon. */
  add(atMs: number): void {
    let index = this.#atMs.length;
    while (index > this.#first && (this.#atMs[index - 1] ?? 0) > atMs) index--;
    if (index === this.#atMs.length) this.#atMs.push(atMs);
    else this.#atMs.splice(index, 0, atMs);
  }

  /** One that was to pass at `atMs`, a time to come, has passed by now. */
  advance(atMs: number, nowMs: number): void {
    const index = this.#atMs.lastIndexOf(atMs);
    if (index < this.#first) return;
    this.#atMs.splice(index, 1);
    this.add(nowMs);
  }

  /** Counts one that begins to pass; must {@link end} or be {@link cancel}led. */
  begin(): void {
    this.#open++;
  }

  end(nowMs: number): void {
    this.#open--;
    this.add(nowMs);
  }

  /** What has begun does not pass after all. */
  cancel(): void {
    this.#open--;
  }

  /** How many count at present, those that have begun included. */
  load(nowMs: number): number {
    this.#forget(nowMs);
    return this.#open + this.#atMs.length - this.#first;
  }

  isIdle(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#open === 0 && this.#atMs.length === 0;
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
