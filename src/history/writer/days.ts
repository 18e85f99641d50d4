import { type QueryExecutorProvider, sql } from 'kysely';
import type { SnapshotRecord } from '../../api/history-records.ts';
import type { Row } from './row.ts';

const DAY_MS = 86_400_000;

/** The days that have a table. */
export class SnapshotDays {
  readonly #made = new Set<number>();

  /** Makes those that `rows` need and that are missing. */
  async ensure(
    database: QueryExecutorProvider,
    rows: readonly Row<SnapshotRecord>[],
  ): Promise<void> {
    for (const day of new Set(rows.map(({ at }) => Math.floor(at / DAY_MS)))) {
      if (this.#made.has(day)) continue;
      await sql`
        select ensure_snapshot_day((to_timestamp(${day * 86_400}::float8) at time zone 'UTC')::date)
      `.execute(database);
      this.#made.add(day);
    }
  }

  /** Looks again: somebody may have taken one away. */
  forget(): void {
    this.#made.clear();
  }
}
