import { type Kysely, sql } from 'kysely';

const ROWS_A_BATCH = 5_000;

/**
 * Deletes rows of `table` whose time in `column` is before `beforeMs`, a bounded batch at a time, and
 * resolves to how many. The table has no partitions.
 */
export async function deleteOldRows(
  connection: Kysely<unknown>,
  { table, column }: { readonly table: string; readonly column: string },
  beforeMs: number,
  signal: AbortSignal,
): Promise<number> {
  for (let total = 0; ; ) {
    signal.throwIfAborted();
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)}
        where ${sql.ref(column)} < to_timestamp(${beforeMs / 1_000}::float8)
        limit ${ROWS_A_BATCH}
      ))`.execute(connection);
    total += Number(numAffectedRows);
    if (numAffectedRows < ROWS_A_BATCH) return total;
  }
}
