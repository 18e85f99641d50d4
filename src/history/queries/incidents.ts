import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { aboutBots, hours } from './arguments.ts';
import { chosenBots, exactTime, iso, timestamp } from './fragments.ts';
import { type Keyed, type Page, pageOf, paging, totalOf } from './page.ts';
import { historyQuery } from './query.ts';

/** The kinds of transition that an incident is made of. */
export const INCIDENT_KINDS = ['health', 'breaker', 'token'] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** A time in which a bot was not well, in one respect. */
export interface Incident {
  readonly namespace: string;
  readonly name: string;
  readonly kind: IncidentKind;
  readonly begin: string;
  /** When it was well again, was suspended or deleted; null while it goes on. */
  readonly end: string | null;
  readonly worst: string;
  /** Why it came to the worst, in words. */
  readonly cause: string | null;
  /** What the bot's counter of errors grew by, as far as snapshots tell. */
  readonly errors: number;
}

/** As the index `transitions_bad` has it. */
function isBad(row: string): RawBuilder<boolean> {
  return sql`${sql.ref(`${row}.to_state`)} not in ('Healthy', 'Suspended', 'Closed', 'Valid')`;
}

/** Where a transition stands among those of its bot and kind. */
function place(row: string): RawBuilder<unknown> {
  return sql`(${sql.ref(`${row}.at`)}, ${sql.ref(`${row}.seq`)}, ${sql.ref(`${row}.session`)})`;
}

const ofSame = (row: string, as: string) =>
  sql`${sql.ref(`${row}.bot`)} = ${sql.ref(`${as}.bot`)} and ${sql.ref(`${row}.kind`)} = ${sql.ref(`${as}.kind`)}`;

const LATEST_FIRST = sql`order by at desc, seq desc, session desc limit 1`;
const EARLIEST_FIRST = sql`order by at, seq, session limit 1`;

const key = z.tuple([z.iso.datetime(), z.int(), z.enum(INCIDENT_KINDS), z.int(), z.string()]);

/**
 * What went wrong with bots within the last `hours`: incidents that began then or still went on,
 * the latest first.
 */
export const incidents = historyQuery({
  name: 'incidents',
  args: aboutBots({
    hours: hours.default(24),
    kinds: z
      .array(z.enum(INCIDENT_KINDS))
      .min(1)
      .default([...INCIDENT_KINDS]),
    /** Those alone that go on. */
    open: z.boolean().default(false),
    ...paging(key),
  }),
  async run(asking, { hours, kinds, open, after, ...args }): Promise<Page<Incident>> {
    const since = timestamp(asking.nowMs - hours * 3_600_000);
    const { rows } = await sql<Keyed<Incident>>`
      with chosen as materialized ${chosenBots(asking, args)},
      begun as (
        select bot, kind, at, seq, session from transitions t
        where at >= ${since} and at <= ${timestamp(asking.nowMs)}
          and ${isBad('t')} and kind = any (${kinds}::text[])
          and bot in (select id from chosen)
          and (select ${isBad('b')} from transitions b
               where ${ofSame('b', 't')} and ${place('b')} < ${place('t')}
               ${LATEST_FIRST}) is not true
      ),
      going_on as (
        select b.bot, b.kind, b.at, b.seq, b.session
        from chosen
        cross join unnest(${kinds}::text[]) as of_kind
        cross join lateral (
          select * from transitions where bot = id and kind = of_kind and at < ${since}
          ${LATEST_FIRST}) as latest
        left join lateral (
          select * from transitions g
          where bot = id and kind = of_kind and at < ${since} and not ${isBad('g')}
          ${LATEST_FIRST}) as good on true
        cross join lateral (
          select * from transitions f
          where bot = id and kind = of_kind and at < ${since}
            and (good.at is null or ${place('f')} > ${place('good')})
          ${EARLIEST_FIRST}) as b
        where ${isBad('latest')}
      ),
      found as (
        select i.*, chosen.namespace, chosen.name, coalesce(ended.at, deleted_at) as end_at
        from (select * from begun union all select * from going_on) as i
        join chosen on id = i.bot
        left join lateral (
          select at from transitions e
          where ${ofSame('e', 'i')} and ${place('e')} > ${place('i')} and not ${isBad('e')}
          ${EARLIEST_FIRST}) as ended on true
        -- One that began with its bot's end is over before the time that is asked for.
        where coalesce(ended.at, deleted_at) is null
          or ${open ? sql`false` : sql`coalesce(ended.at, deleted_at) >= ${since}`}
      ),
      page as (
        select * from (select *, ${totalOf(args)} as total from found) as counted
        where ${after ? sql`(at, bot, kind, seq, session) < (${after[0]}::timestamptz, ${after[1]}::int, ${after[2]}, ${after[3]}::bigint, ${after[4]})` : sql`true`}
        order by at desc, bot desc, kind desc, seq desc, session desc
        limit ${args.limit + 1}
      )
      select total,
        json_build_array(${exactTime('at')}, bot, kind, seq, session) as key,
        json_build_object('namespace', namespace, 'name', name, 'kind', kind,
          'begin', ${iso('at')}, 'end', ${iso('end_at')},
          'worst', of_it.worst, 'cause', of_it.cause, 'errors', ${errorsOfPage()}) as item
      from page
      cross join lateral (
        select (array_agg(to_state order by bad desc, at, seq))[1] as worst,
          (array_agg(cause order by bad desc, at, seq))[1] as cause
        from (
          select *, to_state in ('Unhealthy', 'Open', 'Revoked', 'Unauthorized') as bad
          from transitions t
          where ${ofSame('t', 'page')} and ${place('t')} >= ${place('page')}
            and ${isBad('t')} and (end_at is null or t.at <= end_at)
        ) as bad_ones
      ) as of_it
      order by page.at desc, bot desc, kind desc, seq desc, session desc`.execute(asking.database);
    return pageOf(rows, args);
  },
});

/** By the snapshots next to the begin and the end; 0 where the counter began anew. */
function errorsOfPage(): RawBuilder<number> {
  const snapshot = (where: RawBuilder<unknown>, order: RawBuilder<unknown>) =>
    sql`(select errors from health_snapshots s where s.bot = page.bot and ${where} order by ${order} limit 1)`;
  const before = snapshot(sql`s.at < page.at`, sql`s.at desc, s.session desc, s.seq desc`);
  const first = snapshot(sql`s.at >= page.at`, sql`s.at, s.session, s.seq`);
  const done = snapshot(sql`s.at >= page.end_at`, sql`s.at, s.session, s.seq`);
  const last = snapshot(sql`true`, sql`s.at desc, s.session desc, s.seq desc`);
  return sql`greatest(0, coalesce(${done}, ${last}) - coalesce(${before}, ${first}, 0))`;
}
