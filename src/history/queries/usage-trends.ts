import { sql } from 'kysely';
import { aboutBots, days } from './arguments.ts';
import { inLastDays, isOf, lastDays, timestamp } from './fragments.ts';
import { historyQuery } from './query.ts';
import {
  sumOf,
  type UsageSums,
  type UsageTotals,
  usageGroups,
  usageSums,
  usageTotals,
} from './usage-totals.ts';

/** This period against the one before. */
export interface UsageTrends {
  readonly current: UsageTotals;
  readonly previous: UsageTotals;
  /** In percent of the previous period; null where there was nothing then. */
  readonly change: {
    readonly calls: number | null;
    readonly updates: number | null;
    readonly p95Ms: number | null;
  };
}

/** What bots did in the last `days`, and in as many before: day, week or month against the last. */
export const usageTrends = historyQuery({
  name: 'usage trends',
  args: aboutBots({ days: days.default(7) }),
  async run(asking, { days, ...bots }): Promise<UsageTrends> {
    const between = timestamp(lastDays(asking.nowMs, days).beginMs);
    const wanted = sql`${isOf(asking, bots)}
      and ${inLastDays('hour', asking, 2 * days)}`;
    const { rows } = await sql<{ current: UsageSums; previous: UsageSums }>`
      select ${usageSums(sql`part`)} as current, ${usageSums(sql`not part`)} as previous
      from ${usageGroups(sql`hour >= ${between}`, wanted)} as groups`.execute(asking.database);
    const [sums] = rows as [(typeof rows)[number]];
    const [current, previous] = [usageTotals(sums.current), usageTotals(sums.previous)];
    const change = {
      calls: changeOf(sumOf(current.calls), sumOf(previous.calls)),
      updates: changeOf(sumOf(current.updates), sumOf(previous.updates)),
      p95Ms: changeOf(current.p95Ms, previous.p95Ms),
    };
    return { current, previous, change };
  },
});

function changeOf(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return Math.round((1_000 * (now - before)) / before) / 10;
}
