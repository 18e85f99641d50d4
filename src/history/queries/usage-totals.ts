import { type RawBuilder, sql } from 'kysely';
import { CALL_OUTCOMES, LATENCY_BOUNDS_MS, UPDATE_OUTCOMES } from '../../api/history-records.ts';
import { quantile } from './latency.ts';

/** What bots did within some time. */
export interface UsageTotals {
  /** Calls to Telegram, by outcome. */
  readonly calls: Readonly<Record<(typeof CALL_OUTCOMES)[number], number>>;
  /** Updates, by outcome. */
  readonly updates: Readonly<Record<(typeof UPDATE_OUTCOMES)[number], number>>;
  /** Share of the calls that failed, in percent; null without calls. */
  readonly errorPercent: number | null;
  /** How long Telegram took to answer, within the accuracy of the buckets; null without calls. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** {@link UsageTotals} as SQL brings them. */
export interface UsageSums extends Pick<UsageTotals, 'calls' | 'updates'> {
  readonly latencies: readonly number[];
}

/** Holds of rows of `usage_hourly` that count calls, and of those that count updates. */
export const IS_CALL = sql`method <> ''`;
export const IS_UPDATE = sql`update_kind <> ''`;

const BUCKETS = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, (_, index) => index + 1);

/**
 * Sums of the rows of `usage_hourly` for which `where` holds, one for each value of `by` and each
 * outcome of calls and of updates: few are left to pick from, however many there were.
 */
export function usageGroups(by: RawBuilder<unknown>, where: RawBuilder<unknown>) {
  const sums = BUCKETS.map(
    (bucket) => sql`sum(latency_buckets[${sql.lit(bucket)}]) as ${sql.ref(`bucket_${bucket}`)}`,
  );
  return sql`(
    select ${by} as part, ${IS_CALL} as is_call, outcome, sum(calls) as calls, ${sql.join(sums)}
    from usage_hourly where ${where} group by 1, 2, 3)`;
}

/** {@link UsageSums} of those of {@link usageGroups} for which `where` holds. */
export function usageSums(where: RawBuilder<unknown>): RawBuilder<UsageSums> {
  const by = (outcomes: readonly string[], which: RawBuilder<unknown>) =>
    sql.join(
      outcomes.map(
        (outcome) =>
          sql`${outcome}::text, coalesce(sum(calls) filter (where ${which} and outcome = ${outcome} and ${where}), 0)`,
      ),
    );
  const latencies = BUCKETS.map(
    (bucket) =>
      sql`coalesce(sum(${sql.ref(`bucket_${bucket}`)}) filter (where is_call and ${where}), 0)`,
  );
  return sql`json_build_object(
    'calls', json_build_object(${by(CALL_OUTCOMES, sql`is_call`)}),
    'updates', json_build_object(${by(UPDATE_OUTCOMES, sql`not is_call`)}),
    'latencies', json_build_array(${sql.join(latencies)}))`;
}

/** What `sums` come to. */
export function usageTotals({ calls, updates, latencies }: UsageSums): UsageTotals {
  const all = sumOf(calls);
  return {
    calls,
    updates,
    errorPercent: all === 0 ? null : Math.round((1_000 * calls.failed) / all) / 10,
    p50Ms: rounded(quantile(latencies, 0.5)),
    p95Ms: rounded(quantile(latencies, 0.95)),
  };
}

/** All of them together, whatever the outcome. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
