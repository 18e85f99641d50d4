import type { QueryExecutorProvider } from 'kysely';
import type { TransitionRecord, VerificationRecord } from '../../api/history-records.ts';
import { type Column, insertRows } from './insert.ts';
import type { BotIds, Row } from './row.ts';

type Event = Row<TransitionRecord> | Row<VerificationRecord>;

/** Inserts transitions that are not there yet, and resolves to how many. */
export function insertTransitions(
  database: QueryExecutorProvider,
  rows: readonly Row<TransitionRecord>[],
  bots: BotIds,
): Promise<number> {
  return insertRows(database, rows, {
    table: 'transitions',
    columns: [
      ...keyColumns(bots),
      { name: 'kind', type: 'text', of: ({ record }) => record.of },
      { name: 'from_state', type: 'text', of: ({ record }) => record.from },
      { name: 'to_state', type: 'text', of: ({ record }) => record.to },
      { name: 'cause', type: 'text', of: ({ record }) => record.cause },
    ],
    onConflict: 'do nothing',
  });
}

/** Inserts verifications that are not there yet, and resolves to how many. */
export function insertVerifications(
  database: QueryExecutorProvider,
  rows: readonly Row<VerificationRecord>[],
  bots: BotIds,
): Promise<number> {
  return insertRows(database, rows, {
    table: 'verifications',
    columns: [
      ...keyColumns(bots),
      { name: 'outcome', type: 'text', of: ({ record }) => record.outcome },
      { name: 'user_id', type: 'bigint', of: ({ record }) => record.userId },
    ],
    onConflict: 'do nothing',
  });
}

function keyColumns(bots: BotIds): readonly Column<Event>[] {
  return [
    { name: 'bot', type: 'integer', of: ({ record }) => bots.get(record.uid) },
    { name: 'session', type: 'text', of: ({ session }) => session },
    { name: 'seq', type: 'bigint', of: ({ record }) => record.seq },
    { name: 'at', type: 'float8', of: ({ at }) => at, value: 'to_timestamp(told.at / 1000)' },
    { name: 'clock_off', type: 'boolean', of: ({ clockOff }) => clockOff },
  ];
}
