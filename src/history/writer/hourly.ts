import type { QueryExecutorProvider } from 'kysely';
import type { ErrorRecord, UsageRecord } from '../../api/history-records.ts';
import { arrayLiteral, type Column, insertRows } from './insert.ts';
import type { BotIds, Row } from './row.ts';

type Hourly = Row<UsageRecord> | Row<ErrorRecord>;

const USAGE_KEY = [
  'bot',
  'hour',
  'session',
  'method',
  'command',
  'update_kind',
  'chat_kind',
  'outcome',
];
const ERROR_KEY = ['bot', 'hour', 'session', 'fingerprint'];

/**
 * Writes what a session has counted so far: what counts more than what is there takes its place.
 * Resolves to how many rows are new or have changed.
 */
export function upsertUsage(
  database: QueryExecutorProvider,
  rows: readonly Row<UsageRecord>[],
  bots: BotIds,
): Promise<number> {
  return insertRows(database, rows, {
    table: 'usage_hourly',
    columns: [
      ...keyColumns(bots),
      { name: 'method', type: 'text', of: ({ record }) => record.method },
      { name: 'command', type: 'text', of: ({ record }) => record.command },
      { name: 'update_kind', type: 'text', of: ({ record }) => record.updateKind },
      { name: 'chat_kind', type: 'text', of: ({ record }) => record.chatKind },
      { name: 'outcome', type: 'text', of: ({ record }) => record.outcome },
      { name: 'calls', type: 'bigint', of: ({ record }) => record.calls },
      {
        name: 'latency_buckets',
        // An array of arrays has no rows but cells.
        type: 'text',
        of: ({ record }) => arrayLiteral(record.latencies),
        value: 'told.latency_buckets::bigint[]',
      },
    ],
    distinct: { key: USAGE_KEY, most: 'calls' },
    onConflict: `(${USAGE_KEY.join()}) do update
      set calls = excluded.calls, latency_buckets = excluded.latency_buckets
      where excluded.calls > kept.calls`,
  });
}

/** As {@link upsertUsage}; of a kind of error, the first sample stays. */
export function upsertErrors(
  database: QueryExecutorProvider,
  rows: readonly Row<ErrorRecord>[],
  bots: BotIds,
): Promise<number> {
  return insertRows(database, rows, {
    table: 'errors_hourly',
    columns: [
      ...keyColumns(bots),
      { name: 'fingerprint', type: 'text', of: ({ record }) => record.fingerprint },
      { name: 'sample', type: 'text', of: ({ record }) => record.sample },
      { name: 'errors', type: 'bigint', of: ({ record }) => record.errors },
    ],
    distinct: { key: ERROR_KEY, most: 'errors' },
    onConflict: `(${ERROR_KEY.join()}) do update
      set errors = excluded.errors where excluded.errors > kept.errors`,
  });
}

function keyColumns(bots: BotIds): readonly Column<Hourly>[] {
  return [
    { name: 'bot', type: 'integer', of: ({ record }) => bots.get(record.uid) },
    { name: 'hour', type: 'float8', of: ({ at }) => at, value: 'to_timestamp(told.hour / 1000)' },
    { name: 'session', type: 'text', of: ({ session }) => session },
  ];
}
