import {
  type HistoryBatch,
  type HistoryRecord,
  historyRecordSchema,
  type RecordKind,
} from '../../api/history-records.ts';
import type { Row } from './row.ts';
import { SenderClock } from './sender-clock.ts';

/** Why a record is not kept. */
export type DropReason =
  /** Gave way to others at its sender. */
  | 'overflow'
  /** Says what can't be. */
  | 'invalid'
  /** Of an hour that can't be. */
  | 'time'
  /** Of a bot that nobody knows. */
  | 'unknown_bot'
  /** The database won't have it for what it says. */
  | 'refused';

/** Told of every record that is not kept; `count` is 1 unless given. */
export type OnDrop = (kind: RecordKind, reason: DropReason, count?: number) => void;

/**
 * The records of `batch` that may be written, each with its time by our clock. One that does not
 * keep to the schema goes alone: the others are none the worse.
 */
export function admit(batch: HistoryBatch, nowMs: number, onDrop: OnDrop): readonly Row[] {
  const clock = new SenderClock(batch.at, nowMs);
  return batch.records.flatMap((told) => {
    const { success, data: record } = historyRecordSchema.safeParse(told);
    if (!success) {
      onDrop(told.kind, 'invalid');
      return [];
    }
    const row = timed(record, clock);
    if (row) return [{ session: batch.session, record, ...row }];
    onDrop(record.kind, 'time');
    return [];
  });
}

function timed(
  record: HistoryRecord,
  clock: SenderClock,
): Pick<Row, 'at' | 'clockOff'> | undefined {
  if (record.kind !== 'usage' && record.kind !== 'error') return clock.moment(record.at);
  const at = clock.hour(record.hour);
  return at === undefined ? undefined : { at, clockOff: false };
}
