import { Counter, type Registry } from 'prom-client';
import type { RetryCategory } from '../../../api/retry.ts';
import {
  type RetryBook,
  type RetryCount,
  type RetryOutcome,
  type RetrySnapshot,
  retryKey,
} from '../../../api/retry-counts.ts';
import { type Clock, toTimestamp } from '../../../lib/clock.ts';

/** Tenants' services name the methods that they ask for: those beyond count as one. */
const MAX_METHODS = 100;
const OTHER_METHODS = 'other';

/**
 * Counts retries by method, category and outcome. Of bounded size whatever methods there are. With
 * a registry they are also `tenantbot_retries_total` in it, which no reset touches.
 */
export class RetryStatistics implements RetryBook {
  readonly #clock: Clock;
  readonly #total: Counter<'category' | 'outcome'> | undefined;
  readonly #methods = new Set<string>();
  /** By all that tells them apart. */
  readonly #counts = new Map<string, RetryCount>();
  #since: string;

  constructor(clock: Clock, registry?: Registry) {
    this.#clock = clock;
    this.#since = toTimestamp(clock.wallMs());
    this.#total =
      registry &&
      new Counter({
        name: 'tenantbot_retries_total',
        help: 'Calls to Telegram that were tried again, and how that ended',
        labelNames: ['category', 'outcome'],
        registers: [registry],
      });
  }

  count(method: string, category: RetryCategory, outcome: RetryOutcome): void {
    this.#total?.inc({ category, outcome });
    const isKnown = this.#methods.has(method) || this.#methods.size < MAX_METHODS;
    const name = isKnown ? method : OTHER_METHODS;
    this.#methods.add(name);
    const line = { method: name, category, outcome };
    const key = retryKey(line);
    this.#counts.set(key, { ...line, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  snapshot(): RetrySnapshot {
    const retries = [...this.#counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, line]) => line);
    return { since: this.#since, retries };
  }

  reset(): void {
    this.#methods.clear();
    this.#counts.clear();
    this.#since = toTimestamp(this.#clock.wallMs());
  }
}
