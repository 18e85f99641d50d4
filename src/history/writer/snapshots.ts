import { type QueryExecutorProvider, sql } from 'kysely';
import type { SnapshotRecord } from '../../api/history-records.ts';
import { type Column, insertRows } from './insert.ts';
import type { BotIds, Row } from './row.ts';

type Snapshot = Row<SnapshotRecord>;

/**
 * Inserts snapshots that are not there yet, and resolves to how many. Their days are there. Those of
 * the sessions in `off` are told from what is there by all of their key but the time.
 */
export async function insertSnapshots(
  database: QueryExecutorProvider,
  rows: readonly Snapshot[],
  bots: BotIds,
  off: ReadonlySet<string>,
): Promise<number> {
  const table = 'health_snapshots';
  const onConflict = 'do nothing';
  const sure = off.size === 0 ? rows : rows.filter(({ session }) => !off.has(session));
  const unsure = off.size === 0 ? [] : rows.filter(({ session }) => off.has(session));
  const inserted = await insertRows(database, sure, { table, columns: columns(bots), onConflict });
  return (
    inserted +
    (await insertRows(database, unsure, {
      table,
      columns: [...columns(bots), TOLD_AT],
      distinct: { key: ['bot', 'session', 'seq'] },
      where: sql`
        not exists (
          select from health_snapshots there
          where there.clock_off and there.session = told.session
            and there.bot = told.bot and there.seq = told.seq
        ) and not exists (
          select from health_snapshots there
          where there.bot = told.bot and there.at = to_timestamp(told.told_at / 1000)
            and there.session = told.session and there.seq = told.seq
        )`,
      onConflict,
    }))
  );
}

/** When it happened by the sender's clock: that is its time if it came before the clock went off. */
const TOLD_AT: Column<Snapshot> = {
  name: 'told_at',
  type: 'float8',
  // The database knows no time long before Christ.
  of: ({ record }) => Math.max(record.at, 0),
  value: null,
};

function columns(bots: BotIds): readonly Column<Snapshot>[] {
  const count = (name: string, of: (record: Snapshot['record']) => number): Column<Snapshot> => ({
    name,
    type: 'bigint',
    of: ({ record }) => of(record),
  });
  return [
    { name: 'bot', type: 'integer', of: ({ record }) => bots.get(record.uid) },
    { name: 'at', type: 'float8', of: ({ at }) => at, value: 'to_timestamp(told.at / 1000)' },
    { name: 'session', type: 'text', of: ({ session }) => session },
    count('seq', ({ seq }) => seq),
    { name: 'health', type: 'text', of: ({ record }) => record.health },
    { name: 'breaker', type: 'text', of: ({ record }) => record.breaker },
    count('error_percent', ({ errorPercent }) => errorPercent),
    count('avg_response_ms', ({ avgResponseMs }) => avgResponseMs),
    count('consecutive_failures', ({ consecutiveFailures }) => consecutiveFailures),
    count('rate_limited', ({ rateLimited }) => rateLimited),
    count('updates', ({ updates }) => updates),
    count('handled', ({ handled }) => handled),
    count('replies', ({ replies }) => replies),
    count('errors', ({ errors }) => errors),
    count('restarts', ({ restarts }) => restarts),
    { name: 'clock_off', type: 'boolean', of: ({ clockOff }) => clockOff },
  ];
}
