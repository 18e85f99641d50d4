import { sql } from 'kysely';
import { z } from 'zod';
import { TRANSITION_KINDS, type TransitionKind } from '../../api/history-records.ts';
import { hours, oneBot } from './arguments.ts';
import { chosenBots, exactTime, iso, timestamp } from './fragments.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** One change of a state of a bot. */
export interface Transition {
  readonly at: string;
  readonly kind: TransitionKind;
  /** Null where it was not known. */
  readonly from: string | null;
  readonly to: string;
  /** In words. */
  readonly cause: string | null;
}

/** How the states of one bot changed in the last `hours`, where it was placed included; the latest first. */
export const transitionList = historyQuery({
  name: 'transition list',
  args: z.strictObject({
    ...oneBot,
    hours: hours.default(24),
    kinds: z
      .array(z.enum(TRANSITION_KINDS))
      .min(1)
      .default([...TRANSITION_KINDS]),
    ...paging(z.tuple([z.iso.datetime(), z.int(), z.string()])),
  }),
  async run(asking, { hours, kinds, after, ...args }): Promise<Page<Transition>> {
    const { rows } = await sql<Keyed<Transition>>`
      with found as (
        select *, ${totalOf(args)} as total from transitions
        where bot = (select id from ${chosenBots(asking, args)} as chosen)
          and kind = any (${kinds}::text[])
          and at >= ${timestamp(asking.nowMs - hours * 3_600_000)}
          and at <= ${timestamp(asking.nowMs)}
      )
      select total, json_build_array(${exactTime('at')}, seq, session) as key,
        json_build_object('at', ${iso('at')}, 'kind', kind, 'from', from_state, 'to', to_state,
          'cause', cause) as item
      from found
      where ${
        after
          ? sql`(at, seq, session) < (${after[0]}::timestamptz, ${after[1]}::bigint, ${after[2]})`
          : sql`true`
      }
      order by at desc, seq desc, session desc limit ${args.limit + 1}`.execute(asking.database);
    return pageOf(rows, args);
  },
});
