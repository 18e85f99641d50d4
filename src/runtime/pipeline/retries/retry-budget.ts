/** Calls that pay for one retry. */
const CALLS_PER_RETRY = 5;
/** Retries a second that are free, so that a shard with few calls may retry at all. */
const FREE_PER_SECOND = 1;
/** The most retries that are saved up, so that a quiet hour does not pay for a storm. */
const MAX_SAVED = 50;
const SAVED_AT_START = 10;

/**
 * Keeps retries to 20 % of calls, so that trouble is not multiplied while it lasts: over any time,
 * at most the 50 retries saved up, a fifth of the calls, and one a second. After Finagle's
 * RetryBudget. Pure: time comes in with each call and never goes back.
 */
export class RetryBudget {
  /** In calls: whole numbers add up exactly. */
  #saved = SAVED_AT_START * CALLS_PER_RETRY;
  #savedAtMs: number;

  constructor(nowMs: number) {
    this.#savedAtMs = nowMs;
  }

  /** Counts a call, not its retries. */
  deposit(): void {
    this.#save(1);
  }

  /** Whether one more retry is allowed; counts it if so. */
  withdraw(nowMs: number): boolean {
    this.#save(((nowMs - this.#savedAtMs) / 1_000) * FREE_PER_SECOND * CALLS_PER_RETRY);
    this.#savedAtMs = nowMs;
    if (this.#saved < CALLS_PER_RETRY) return false;
    this.#saved -= CALLS_PER_RETRY;
    return true;
  }

  #save(calls: number): void {
    this.#saved = Math.min(MAX_SAVED * CALLS_PER_RETRY, this.#saved + calls);
  }
}
