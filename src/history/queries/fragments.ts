import { type RawBuilder, sql } from 'kysely';
import { toDate } from '../../lib/clock.ts';
import type { SomeBots } from './arguments.ts';
import { within } from './namespaces.ts';
import type { Asking } from './query.ts';

const HOUR_MS = 3_600_000;

/** How long a bot's newest snapshot tells how it does: twice the longest interval, and a little. */
export const FRESH_MS = 125 * 60_000;

/**
 * The bots that a query is about, as a sub-select of `id, namespace, name, deleted_at`. Of several
 * that had one name after each other it is the last one.
 */
export function chosenBots(
  { namespaces }: Asking,
  { namespace, name }: SomeBots,
): RawBuilder<unknown> {
  const inNamespace = namespace === undefined ? sql`` : sql`and namespace = ${namespace}`;
  const ofName =
    name === undefined
      ? sql``
      : sql`and name = ${name} order by deleted_at desc nulls first, id desc limit 1`;
  return sql`
    (select id, namespace, name, deleted_at from bots
     where ${within(namespaces, 'namespace')} ${inNamespace} ${ofName})`;
}

/**
 * Holds of rows of the chosen bots. One bot is told by an equation: Postgres can't tell how many
 * bots row-level security leaves, and would look for it among the rows of all.
 */
export function isOf(asking: Asking, bots: SomeBots): RawBuilder<unknown> {
  if (bots.name !== undefined)
    return sql`bot = (select id from ${chosenBots(asking, bots)} as chosen)`;
  if (bots.namespace === undefined && asking.namespaces === '*') return sql`true`;
  return sql`bot in (select id from ${chosenBots(asking, bots)} as chosen)`;
}

/** The last `days` to the end of the hour that goes on: the end itself is no part of them. */
export function lastDays(nowMs: number, days: number): { beginMs: number; endMs: number } {
  const endMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS + HOUR_MS;
  return { beginMs: endMs - days * 24 * HOUR_MS, endMs };
}

/** Holds of rows whose `column` lies in the last `days`. */
export function inLastDays(column: string, { nowMs }: Asking, days: number): RawBuilder<unknown> {
  const { beginMs, endMs } = lastDays(nowMs, days);
  return sql`(${sql.ref(column)} >= ${timestamp(beginMs)} and ${sql.ref(column)} < ${timestamp(endMs)})`;
}

/** A moment as a value of Postgres. */
export function timestamp(ms: number): RawBuilder<unknown> {
  return sql`${toDate(ms)}::timestamptz`;
}

/** A column with a moment as RFC 3339, to the millisecond. */
export function iso(column: string): RawBuilder<string> {
  return sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** A column with a moment as a key to go on from: to the last digit that Postgres has. */
export function exactTime(column: string): RawBuilder<string> {
  return sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
