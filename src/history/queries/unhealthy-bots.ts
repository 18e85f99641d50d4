import { sql } from 'kysely';
import { z } from 'zod';
import type { BreakerState } from '../../api/breaker.ts';
import { HEALTH_STATES, type HealthState } from '../../api/health.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import { aboutBots, moment } from './arguments.ts';
import { chosenBots, FRESH_MS, iso, timestamp } from './fragments.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** A bot that is not well, or was not, by the newest snapshot of that time. */
export interface UnhealthyBot {
  readonly namespace: string;
  readonly name: string;
  readonly health: HealthState;
  readonly breaker: BreakerState;
  readonly errorPercent: number;
  readonly consecutiveFailures: number;
  /** When that was. */
  readonly at: string;
  /** Since when it had been in that health; null where its beginning is not known. */
  readonly since: string | null;
}

const key = z.tuple([z.string(), z.string(), z.int()]);

/** Which bots were not well at one moment, which is now unless it is given; by name. */
export const unhealthyBots = historyQuery({
  name: 'unhealthy bots',
  args: aboutBots({
    at: moment.optional(),
    states: z.array(z.enum(HEALTH_STATES)).min(1).default(['Unhealthy', 'Degraded']),
    ...paging(key),
  }),
  async run(asking, { at, states, after, ...args }): Promise<Page<UnhealthyBot>> {
    const atMs = at === undefined ? asking.nowMs : fromTimestamp(at);
    const { rows } = await sql<Keyed<UnhealthyBot>>`
      with found as (
        select namespace, name, id, newest.*, ${totalOf(args)} as total
        from ${chosenBots(asking, args)} as chosen
        cross join lateral (
          select at, health, breaker, error_percent, consecutive_failures from health_snapshots
          where bot = chosen.id and at > ${timestamp(atMs - FRESH_MS)} and at <= ${timestamp(atMs)}
          order by at desc, session desc, seq desc limit 1
        ) as newest
        where health = any (${states}::text[])
          and (deleted_at is null or deleted_at > ${timestamp(atMs)})
      )
      select total, json_build_array(namespace, name, id) as key,
        json_build_object('namespace', namespace, 'name', name, 'health', health,
          'breaker', breaker, 'errorPercent', error_percent,
          'consecutiveFailures', consecutive_failures, 'at', ${iso('found.at')},
          'since', ${iso('turned.at')}) as item
      from found
      left join lateral (
        select at, to_state from transitions
        where bot = id and kind = 'health' and at <= ${timestamp(atMs)}
        order by at desc, seq desc, session desc limit 1
      ) as turned on to_state = health
      where ${after ? sql`(namespace, name, id) > (${after[0]}, ${after[1]}, ${after[2]}::int)` : sql`true`}
      order by namespace, name, id limit ${args.limit + 1}`.execute(asking.database);
    return pageOf(rows, args);
  },
});
