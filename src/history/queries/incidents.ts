import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { aboutBots, hours } from './arguments.ts';
import { chosenBots, exactTime, FRESH_MS, isOf, iso, timestamp } from './fragments.ts';
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
  /**
   * What the bot's counter of errors grew by, within the time that is asked for; null where no
   * snapshot tells.
   */
  readonly errors: number | null;
}

/**
 * Implies what the index `transitions_bad` asks for. A token that was not checked yet is no
 * incident: every start of a bot begins so.
 */
function isBad(row: string): RawBuilder<boolean> {
  return sql`${sql.ref(`${row}.to_state`)}
    not in ('Healthy', 'Suspended', 'Closed', 'Valid', 'UnknownError')`;
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
    const sinceMs = asking.nowMs - hours * 3_600_000;
    const since = timestamp(sinceMs);
    const goesOn = sql`not exists (
      select from transitions e where ${ofSame('e', 't')} and ${place('e')} > ${place('t')}
        and not ${isBad('e')})
      and not exists (select from bots where id = t.bot and deleted_at is not null)`;
    const onPage = after
      ? sql`(at, bot, kind, seq, session)
          < (${after[0]}::timestamptz, ${after[1]}::int, ${after[2]}, ${after[3]}::bigint, ${after[4]})`
      : sql`true`;
    const latest = sql`order by at desc, bot desc, kind desc, seq desc, session desc`;
    // Where nobody wants to know how many there are, none is looked at beyond the page.
    const aPage = sql`and ${onPage} ${latest} limit ${args.limit + 1}`;
    // Of one bot they are found by it; of many by their time, and each is seen to: `is true` keeps
    // Postgres from going from bot to bot.
    const ofBots = isOf(asking, args);
    const { rows } = await sql<Keyed<Incident>>`
      with chosen as materialized ${chosenBots(asking, args)},
      begun as materialized (
        select bot, kind, at, seq, session from transitions t
        where at >= ${since} and at <= ${timestamp(asking.nowMs)}
          and ${isBad('t')} and kind = any (${kinds}::text[])
          and ${args.name === undefined ? sql`(${ofBots}) is true` : ofBots}
          and ${open ? goesOn : sql`true`}
          and (select ${isBad('b')} from transitions b
               where ${ofSame('b', 't')} and ${place('b')} < ${place('t')}
               ${LATEST_FIRST}) is not true
          ${args.total ? sql`` : aPage}
      ),
      going_on as (
        select t.bot, t.kind, t.at, t.seq, t.session
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
          ${EARLIEST_FIRST}) as t
        where ${args.total ? sql`true` : sql`(select count(*) from begun) <= ${args.limit}`}
          and ${isBad('latest')} and (deleted_at is null or deleted_at >= ${since})
          and ${open ? goesOn : sql`true`}
      ),
      page as (
        select * from (
          select *, ${totalOf(args)} as total
          from (select * from begun union all select * from going_on) as found
        ) as counted
        where ${onPage} ${latest} limit ${args.limit + 1}
      )
      select total,
        json_build_array(${exactTime('page.at')}, bot, kind, seq, session) as key,
        json_build_object('namespace', namespace, 'name', name, 'kind', kind,
          'begin', ${iso('page.at')}, 'end', ${iso('ended.at')},
          'worst', of_it.worst, 'cause', of_it.cause, 'errors', ${grownErrors(asking.nowMs, sinceMs)}) as item
      from page
      join bots on id = bot
      cross join lateral (
        select at, coalesce(at + interval '5 minutes', 'infinity') as until
        from (select coalesce((
          select e.at from transitions e
          where ${ofSame('e', 'page')} and ${place('e')} > ${place('page')} and not ${isBad('e')}
          order by e.at, e.seq, e.session limit 1), deleted_at) as at) as found
        -- Looked up once, not wherever it is used.
        offset 0
      ) as ended
      cross join lateral (
        select (array_agg(to_state order by is_worst desc, at, seq))[1] as worst,
          (array_agg(cause order by is_worst desc, at, seq))[1] as cause
        from (
          select *, to_state in ('Unhealthy', 'Open', 'Revoked', 'Unauthorized') as is_worst
          from transitions t
          where ${ofSame('t', 'page')} and ${place('t')} >= ${place('page')}
            and ${isBad('t')} and (ended.at is null or t.at <= ended.at)
        ) as bad
      ) as of_it
      order by page.at desc, bot desc, kind desc, seq desc, session desc`.execute(asking.database);
    return pageOf(rows, args);
  },
});

/**
 * By the last snapshots before its begin, or before `sinceMs`, and up to five minutes after its
 * end. Both times bound it, so that no more days are looked into than are asked for.
 */
function grownErrors(nowMs: number, sinceMs: number): RawBuilder<number | null> {
  const counter = (until: RawBuilder<unknown>) => sql`(
    select s.errors from health_snapshots s
    where s.bot = page.bot and s.at >= ${timestamp(sinceMs - FRESH_MS)}
      and s.at <= ${timestamp(nowMs)} and s.at < ${until}
    order by s.at desc, s.session desc, s.seq desc limit 1)`;
  const before = counter(sql`greatest(page.at, ${timestamp(sinceMs)})`);
  const after = counter(sql`ended.until`);
  return sql`(select greatest(0, b - a) from (select ${before} as a, ${after} as b offset 0) as counters where a is not null)`;
}
