import { type BackoffPolicy, equalJitterMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { ObjectKey } from './resource.ts';
import type { Rate } from './token-bucket.ts';

/** Decides how long a failed key waits before it is tried again. */
export interface RateLimiter {
  /** The wait before the next try, in ms. Each call counts as a failure of `key`. */
  delayMs(key: ObjectKey): number;
  /** Failures of `key` since it was last forgotten. */
  retries(key: ObjectKey): number;
  /** `key` has succeeded, or is gone: its failures no longer count. */
  forget(key: ObjectKey): void;
}

/** A key that keeps failing is tried at least this often, in ms. */
const DEFAULT_BACKOFF: BackoffPolicy = { initialMs: 50, maxMs: 120_000 };

/** client-go's overall rate of retries. */
const DEFAULT_RATE: Rate = { perSecond: 10, burst: 100 };

export interface RetryLimiterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff?: BackoffPolicy;
  readonly rate?: Rate;
}

/**
 * Per key, exponential backoff with jitter (never less than half of the step); over all keys, a
 * rate at which retries happen. The longer of both waits counts, as in client-go.
 */
export class RetryLimiter implements RateLimiter {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: BackoffPolicy;
  readonly #rate: Rate;
  readonly #failures = new Map<ObjectKey, number>();
  /** When the retries that were granted so far are paid for: the bucket, told as a time. */
  #paidUntilMs = -Infinity;

  constructor(options: RetryLimiterOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
    this.#rate = options.rate ?? DEFAULT_RATE;
  }

  delayMs(key: ObjectKey): number {
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    return Math.max(equalJitterMs(this.#backoff, failures, this.#random), this.#reserveMs());
  }

  retries(key: ObjectKey): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: ObjectKey): void {
    this.#failures.delete(key);
  }

  /** Takes the bucket's next token, also one that is yet to come, and tells how far off it is. */
  #reserveMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const tokenMs = 1000 / this.#rate.perSecond;
    const fullMs = nowMs - this.#rate.burst * tokenMs;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, fullMs) + tokenMs;
    return Math.max(0, this.#paidUntilMs - nowMs);
  }
}
