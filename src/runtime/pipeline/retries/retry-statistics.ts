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
  readonly #methods = new Set<string>();
  /** By all that tells them apart. */
  readonly #counts = new Map<string, RetryCount & { count: number }>();
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
    const key = `${name} ${category} ${outcome}`;
    const line = this.#counts.get(key) ?? { method: name, category, outcome, count: 0 };
    line.count++;
    this.#counts.set(key, line);
  }

  /** What was counted since the start or the last {@link reset}, by method. */
  snapshot(): RetrySnapshot {
    const retries = [...this.#counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { method, category, outcome, count }]) => ({ method, category, outcome, count }));
    return { since: this.#since, retries };
  }

  /** Begins anew. */
  reset(): void {
    this.#methods.clear();
    this.#counts.clear();
    this.#since = toTimestamp(this.#clock.wallMs());
  }
}
