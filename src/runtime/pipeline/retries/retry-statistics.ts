import { Counter, type Registry } from 'prom-client';
import type { RetryCategory } from '../../../api/retry.ts';
import { type Clock, toTimestamp } from '../../../lib/clock.ts';

/**
 * What became of calls that failed and might be tried again: `retried` counts each further try, the
 * others how it ended.
 */
export const RETRY_OUTCOMES = [
  'retried',
  'recovered',
  'exhausted',
  'pauseTooLong',
  'pastDeadline',
  'overBudget',
  'uncertain',
] as const;
export type RetryOutcome = (typeof RETRY_OUTCOMES)[number];

/** One line of the statistics. */
export interface RetryCount {
  readonly method: string;
  readonly category: RetryCategory;
  readonly outcome: RetryOutcome;
  readonly count: number;
}

/** What was counted since then. */
export interface RetrySnapshot {
  readonly since: string;
  readonly retries: readonly RetryCount[];
}

/** Tenants' services name the methods that they ask for: those beyond count as one. */
const MAX_METHODS = 100;
const OTHER_METHODS = 'other';

/**
 * Counts retries by method, category and outcome. Of bounded size whatever methods there are. With
 * a registry they are also `tenantbot_retries_total` in it, which no reset touches.
 */
export class RetryStatistics {
  readonly #clock: Clock;
  readonly #total: Counter<'category' | 'outcome'> | undefined;
  readonly #methods = new Map<string, Map<string, RetryCount & { count: number }>>();
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
    const counts = this.#methods.get(name) ?? new Map();
    this.#methods.set(name, counts);
    const key = `${category} ${outcome}`;
    const line = counts.get(key) ?? { method: name, category, outcome, count: 0 };
    line.count++;
    counts.set(key, line);
  }

  /** What was counted since the start or the last {@link reset}, by method. */
  snapshot(): RetrySnapshot {
    const lines = [...this.#methods.values()].flatMap((counts) => [...counts.values()]);
    const retries = lines
      .map((line) => ({ ...line }))
      .sort((a, b) => (a.method < b.method ? -1 : a.method > b.method ? 1 : 0));
    return { since: this.#since, retries };
  }

  /** Begins anew. */
  reset(): void {
    this.#methods.clear();
    this.#since = toTimestamp(this.#clock.wallMs());
  }
}
