import type { Clock } from '../../../lib/clock.ts';
import { LruMap } from '../../../lib/lru-map.ts';

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface PaceOptions {
  /** How often something may happen at once. */
  readonly burst: number;
  /** How long until it may happen once more. */
  readonly refillMs: number;
  /** How many are remembered; who is forgotten starts afresh. */
  readonly capacity: number;
}

/**
 * Keeps each of many to a pace: in any stretch of time no more than `burst`, and one for each
 * `refillMs` of it. Plain records of a bounded number, filled up when they are looked at.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #options: PaceOptions;
  readonly #buckets: LruMap<string, Bucket>;

  constructor(clock: Clock, options: PaceOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#buckets = new LruMap(options.capacity);
  }

  /** Whether it may happen once more for `key` now; then it counts as having happened. */
  take(key: string): boolean {
    const { burst, refillMs } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const filled = Math.min(burst, tokens + (nowMs - atMs) / refillMs);
    const allowed = filled >= 1;
    this.#buckets.set(key, { tokens: allowed ? filled - 1 : filled, atMs: nowMs });
    return allowed;
  }
}
