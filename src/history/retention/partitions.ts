import { type Kysely, sql } from 'kysely';
import { fromTimestamp } from '../../lib/clock.ts';

/** Whoever reads an old partition may go on for so long; nobody waits behind this. */
const READERS_WITHIN = '10s';
const DAY_MS = 86_400_000;

/** A table whose partitions are named `<table>_<suffix>`. */
export interface Partitioned {
  readonly table: string;
  /** Digits of the suffix: 8 are a day, 6 a month. */
  readonly digits: 6 | 8;
}

interface Part {
  readonly name: string;
  readonly isAttached: boolean;
  /** Somebody began to detach it. */
  readonly isPending: boolean;
}

/** What the dropping works with. */
export interface DropOptions {
  /** One connection, in no transaction. */
  readonly connection: Kysely<unknown>;
  readonly onDropped: (name: string) => void;
}

/**
 * Drops the partitions of which all is older than `beforeMs`. No step keeps anybody from writing or
 * from reading what is younger, and from any step on, the next call goes on where this one ended.
 * Rejects with SQLSTATE 55P03 where somebody still reads them.
 */
export async function dropOldParts(
  { table, digits }: Partitioned,
  beforeMs: number,
  { connection, onDropped }: DropOptions,
  signal: AbortSignal,
): Promise<void> {
  await setLockTimeout(connection, READERS_WITHIN);
  for (const { name, isAttached, isPending } of await readParts(connection, table, digits)) {
    signal.throwIfAborted();
    const isOld = endMs(name.slice(-digits)) <= beforeMs;
    // Of a table, only one at a time may be half-detached: that holds up the others.
    if (isPending || (isOld && isAttached)) {
      const how = sql.raw(isPending ? 'finalize' : 'concurrently');
      await sql`
        alter table ${sql.table(table)} detach partition ${sql.table(name)} ${how}
      `.execute(connection);
    }
    if (!isOld) continue;
    await sql`drop table ${sql.table(name)}`.execute(connection);
    onDropped(name);
  }
}

/** Half-detached ones come first. */
async function readParts(
  connection: Kysely<unknown>,
  table: string,
  digits: number,
): Promise<readonly Part[]> {
  const { rows } = await sql<Part>`
    select relname as name, inhparent is not null as "isAttached",
      coalesce(inhdetachpending, false) as "isPending"
    from pg_class left join pg_inherits on inhrelid = pg_class.oid
    where relnamespace = 'tenantbot'::regnamespace and relkind = 'r'
      and relname ~ ${`^${table}_[0-9]{${digits}}$`}
    order by "isPending" desc, relname`.execute(connection);
  return rows;
}

/** Where the day `20260131` or the month `202601` ends. */
function endMs(suffix: string): number {
  const [year, month, day] = [suffix.slice(0, 4), suffix.slice(4, 6), suffix.slice(6)];
  if (day !== '') return fromTimestamp(`${year}-${month}-${day}T00:00:00Z`) + DAY_MS;
  const next = Number(year) * 12 + Number(month);
  const nextMonth = String((next % 12) + 1).padStart(2, '0');
  return fromTimestamp(`${Math.floor(next / 12)}-${nextMonth}-01T00:00:00Z`);
}

/** Until it is set anew. */
export async function setLockTimeout(connection: Kysely<unknown>, within: string): Promise<void> {
  await sql`select set_config('lock_timeout', ${within}, false)`.execute(connection);
}
