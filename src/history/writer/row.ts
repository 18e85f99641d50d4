import type { HistoryRecord, RecordKind } from '../../api/history-records.ts';

/** A record that may be written. */
export interface Row<Of extends HistoryRecord = HistoryRecord> {
  readonly session: string;
  readonly record: Of;
  /** When it happened, or its hour began, by our clock: ms since 1970. */
  readonly at: number;
  readonly clockOff: boolean;
}

/** Keys of bots in the database, by uid. */
export type BotIds = ReadonlyMap<string, number>;

/** Those of `rows` that are of one kind. */
export function rowsOf<Kind extends RecordKind>(
  rows: readonly Row[],
  kind: Kind,
): readonly Row<Extract<HistoryRecord, { kind: Kind }>>[] {
  return rows.filter(
    (row): row is Row<Extract<HistoryRecord, { kind: Kind }>> => row.record.kind === kind,
  );
}
