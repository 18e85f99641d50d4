/** Who has waited as long as it was told is not kept for what was lost in rounding. */
const ONE = 1 - 1e-9;

/**
 * `perSecond` events a second as an average, of which `burst` may come at once. Pure: time comes in
 * with each call and never goes back.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** How long until one more event may happen; 0 where it may happen now. */
  waitMs(nowMs: number): number {
    const tokens = this.#tokensAt(nowMs);
    return tokens >= ONE ? 0 : ((1 - tokens) * 1_000) / this.#perSecond;
  }

  /** Counts an event that {@link waitMs} let pass. */
  add(nowMs: number): void {
    this.#tokens = this.#tokensAt(nowMs) - 1;
    this.#filledAtMs = nowMs;
  }

  #tokensAt(nowMs: number): number {
    const gained = ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000;
    return Math.min(this.#burst, this.#tokens + gained);
  }
}
