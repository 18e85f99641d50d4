import { sql } from 'kysely';
import { z } from 'zod';
import { aboutBots, days } from './arguments.ts';
import { inLastDays, isOf } from './fragments.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** A command of a bot's spec, and how often it was given. */
export interface PopularCommand {
  readonly command: string;
  readonly uses: number;
  /** Of those, how often handling it went wrong. */
  readonly failed: number;
  /** How many bots it was given to. */
  readonly bots: number;
}

/** Which commands were given in the last `days`, the most popular first. */
export const popularCommands = historyQuery({
  name: 'popular commands',
  args: aboutBots({ days: days.default(7), ...paging(z.tuple([z.int(), z.string()])) }),
  async run(asking, { days, after, ...args }): Promise<Page<PopularCommand>> {
    const { rows } = await sql<Keyed<PopularCommand>>`
      with found as (
        select command, sum(calls) as uses, count(distinct bot) as bots,
          coalesce(sum(calls) filter (where outcome = 'failed'), 0) as failed,
          ${totalOf(args)} as total
        from usage_hourly
        where ${isOf(asking, args)} and command <> ''
          and ${inLastDays('hour', asking, days)}
        group by command
      )
      select total, json_build_array(uses, command) as key,
        json_build_object('command', command, 'uses', uses, 'failed', failed, 'bots', bots) as item
      from found
      where ${after ? sql`uses < ${after[0]} or uses = ${after[0]} and command > ${after[1]}` : sql`true`}
      order by uses desc, command limit ${args.limit + 1}`.execute(asking.database);
    return pageOf(rows, args);
  },
});
