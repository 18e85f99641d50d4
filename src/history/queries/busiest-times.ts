import { sql } from 'kysely';
import { aboutBots, days, timeZone } from './arguments.ts';
import { inLastDays, isOf } from './fragments.ts';
import { historyQuery } from './query.ts';
import { IS_UPDATE } from './usage-totals.ts';

/** When bots are used. */
export interface BusiestTimes {
  /** Updates by hour of the day, 24 of them from midnight on. */
  readonly hours: readonly number[];
  /** Updates by day of the week, 7 of them from Monday on. */
  readonly weekdays: readonly number[];
}

/**
 * At which hours and on which weekdays updates came in the last `days`, on the clocks of a time
 * zone. What is counted is hours of UTC: where a zone is half an hour off, they count as the hour
 * that they begin in.
 */
export const busiestTimes = historyQuery({
  name: 'busiest times',
  args: aboutBots({ days: days.default(28), timeZone }),
  async run(asking, { days, timeZone, ...bots }): Promise<BusiestTimes> {
    const { rows } = await sql<{ hour: number | null; weekday: number | null; updates: number }>`
      select extract(hour from local)::int as hour, extract(isodow from local)::int as weekday,
        sum(calls)::float8 as updates
      from usage_hourly, lateral (select hour at time zone ${timeZone} as local) as clock
      where ${isOf(asking, bots)} and ${IS_UPDATE}
        and ${inLastDays('hour', asking, days)}
      group by grouping sets ((1), (2))`.execute(asking.database);
    const hours = Array<number>(24).fill(0);
    const weekdays = Array<number>(7).fill(0);
    for (const { hour, weekday, updates } of rows) {
      if (hour !== null) hours[hour] = updates;
      if (weekday !== null) weekdays[weekday - 1] = updates;
    }
    return { hours, weekdays };
  },
});
