import { sql } from 'kysely';
import { z } from 'zod';
import { aboutBots, days, searchText } from './arguments.ts';
import { inLastDays, isOf, iso, lastDays } from './fragments.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** Into how many slots of equal length the time is cut. */
const SLOTS = 24;

/** One kind of error, by fingerprint. */
export interface ErrorKind {
  readonly fingerprint: string;
  /** The newest example, in words. */
  readonly sample: string;
  readonly errors: number;
  /** How many bots had it. */
  readonly bots: number;
  /** The first and the last hour that it came in. */
  readonly first: string;
  readonly last: string;
  /** How often over the time that was asked for, in {@link SLOTS} slots. */
  readonly slots: readonly number[];
}

/** Which errors bots had in the last `days`, the most frequent first. */
export const errorKinds = historyQuery({
  name: 'error kinds',
  args: aboutBots({
    days: days.default(7),
    fingerprint: searchText(64).optional(),
    ...paging(z.tuple([z.int(), z.string()])),
  }),
  async run(asking, { days, fingerprint, after, ...args }): Promise<Page<ErrorKind>> {
    const { beginMs, endMs } = lastDays(asking.nowMs, days);
    const slot = sql`width_bucket(extract(epoch from hour), ${beginMs / 1_000}::numeric,
      ${endMs / 1_000}::numeric, ${SLOTS})`;
    const { rows } = await sql<Keyed<ErrorKind>>`
      with wanted as (
        select * from errors_hourly
        where ${isOf(asking, args)}
          and ${inLastDays('hour', asking, days)}
          and ${fingerprint === undefined ? sql`true` : sql`fingerprint = ${fingerprint}`}
      ),
      counted as (
        select fingerprint, sum(errors) as errors, count(distinct bot) as bots,
          min(hour) as first, max(hour) as last,
          (array_agg(sample order by hour desc))[1] as sample, ${totalOf(args)} as total
        from wanted group by fingerprint
      ),
      page as (
        select * from counted
        where ${after ? sql`errors < ${after[0]} or errors = ${after[0]} and fingerprint > ${after[1]}` : sql`true`}
        order by errors desc, fingerprint limit ${args.limit + 1}
      ),
      slots as (
        select fingerprint, ${slot} as slot, sum(errors) as errors from wanted
        where fingerprint in (select fingerprint from page) group by 1, 2
      )
      select total, json_build_array(errors, fingerprint) as key,
        json_build_object('fingerprint', fingerprint, 'sample', sample, 'errors', errors,
          'bots', bots, 'first', ${iso('page.first')}, 'last', ${iso('page.last')},
          'slots', (
            select json_agg(coalesce(slots.errors, 0) order by slot)
            from generate_series(1, ${SLOTS}) as all_slots (slot)
            left join slots using (slot)
            where slots.fingerprint is null or slots.fingerprint = page.fingerprint)) as item
      from page order by errors desc, fingerprint`.execute(asking.database);
    return pageOf(rows, args);
  },
});
