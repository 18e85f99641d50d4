import { type Kysely, sql } from 'kysely';

const DAYS_AHEAD = 3;

/** Makes the partitions of today and of the next days, so that no writer has to. */
export async function makePartsAhead(connection: Kysely<unknown>, nowMs: number): Promise<void> {
  const now = sql`(to_timestamp(${nowMs / 1_000}::float8) at time zone 'UTC')`;
  for (let days = 0; days <= DAYS_AHEAD; days++) {
    const day = sql`(${now} + make_interval(days => ${days}::integer))::date`;
    await sql`select ensure_snapshot_day(${day}), ensure_audit_month(${day})`.execute(connection);
  }
}
