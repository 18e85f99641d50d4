import { sql } from 'kysely';
import { aboutBots, days } from './arguments.ts';
import { inLastDays, isOf, iso, lastDays, timestamp } from './fragments.ts';
import { historyQuery } from './query.ts';
import {
  type UsageSums,
  type UsageTotals,
  usageGroups,
  usageSums,
  usageTotals,
} from './usage-totals.ts';

const HOUR_MS = 3_600_000;
/** Up to so many days, steps are hours; beyond, days (UTC). */
const HOURS_UP_TO_DAYS = 20;

/** How much bots were used within one step. */
export interface UsagePoint {
  readonly at: string;
  readonly calls: number;
  readonly failed: number;
  readonly updates: number;
}

/** How much bots were used. */
export interface UsageSummary {
  readonly totals: UsageTotals;
  readonly stepHours: number;
  /** One a step, without holes: 480 at most. */
  readonly points: readonly UsagePoint[];
}

/** What bots did in the last `days`: the hour that goes on and the whole ones before. */
export const usageSummary = historyQuery({
  name: 'usage summary',
  args: aboutBots({ days: days.default(7) }),
  async run(asking, { days, ...bots }): Promise<UsageSummary> {
    const stepHours = days <= HOURS_UP_TO_DAYS ? 1 : 24;
    const stepMs = stepHours * HOUR_MS;
    const { beginMs, endMs } = lastDays(asking.nowMs, days);
    const firstMs = Math.floor(beginMs / stepMs) * stepMs;
    const step = sql`make_interval(hours => ${stepHours})`;
    const wanted = sql`${isOf(asking, bots)}
      and ${inLastDays('hour', asking, days)}`;
    const { rows } = await sql<{ sums: UsageSums; points: readonly UsagePoint[] }>`
      with groups as materialized ${usageGroups(sql`date_bin(${step}, hour, 'epoch')`, wanted)},
      steps as (
        select part, sum(calls) filter (where is_call) as calls,
          sum(calls) filter (where is_call and outcome = 'failed') as failed,
          sum(calls) filter (where not is_call) as updates
        from groups group by 1
      )
      select ${usageSums(sql`true`)} as sums,
        (select json_agg(json_build_object('at', ${iso('series.step')},
             'calls', coalesce(calls, 0), 'failed', coalesce(failed, 0),
             'updates', coalesce(updates, 0)) order by series.step)
         from generate_series(${timestamp(firstMs)}, ${timestamp(endMs - 1)}, ${step})
           as series (step)
         left join steps on part = series.step) as points
      from groups`.execute(asking.database);
    const [{ points, sums }] = rows as [(typeof rows)[number]];
    return { totals: usageTotals(sums), stepHours, points };
  },
});
