/** Retries that each call pays for: a fifth. */
const RATIO = 0.2;
/** Retries a second that are free, so that a shard with few calls may retry at all. */
const FREE_PER_SECOND = 1;
/** The most that is saved up, so that a quiet hour does not pay for a storm. */
const MAX_SAVED = 50;
const SAVED_AT_START = 10;

/**
 * Keeps retries to 20 % of calls, so that trouble is not multiplied while it lasts: over any time,
 * at most {@link MAX_SAVED} retries + a fifth of the calls + one a second. After Finagle's
 * RetryBudget. Pure: time comes in with each call and never goes back.
 */
export class RetryBudget {
  #saved = SAVED_AT_START;
  #savedAtMs: number;

  constructor(nowMs: number) {
    this.#savedAtMs = nowMs;
  }

  /** Counts a call, not its retries. */
  deposit(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + RATIO);
  }

  /** Whether one more retry is allowed; counts it if so. */
  withdraw(nowMs: number): boolean {
    const free = ((nowMs - this.#savedAtMs) / 1_000) * FREE_PER_SECOND;
    this.#saved = Math.min(MAX_SAVED, this.#saved + free);
    this.#savedAtMs = nowMs;
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}
