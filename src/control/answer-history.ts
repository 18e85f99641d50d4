import type { IncomingMessage } from 'node:http';
import {
  type HistoryBatch,
  type HistoryRecord,
  type HistorySink,
  historyRecordSchema,
  RECORD_KINDS,
} from '../api/history-records.ts';
import { errorCode } from '../lib/errors.ts';
import { type Admittance, admit, leading } from './admit.ts';
import { type HistoryAnswer, historyRequestSchema } from './history-messages.ts';
import type { ShardHub } from './hub.ts';
import { PROTOCOL } from './messages.ts';
import { ControlProblem } from './problem.ts';
import type { ShardId } from './shard-id.ts';
import { explainIssues, readTolerantly } from './tolerant.ts';

/** What it takes to answer what runtimes tell for the history. */
export interface HistoryService extends Admittance {
  /** Who keeps it; undefined where nobody does. */
  readonly history: () => HistorySink | undefined;
}

/**
 * Takes one batch of records, and answers when they are kept for good; or throws a
 * {@link ControlProblem}. A shard is heard only on bots that it may have had.
 */
export async function answerHistory(
  service: HistoryService,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<HistoryAnswer> {
  const { caller, body } = await admit(service, request, signal);
  const sink = service.history();
  if (!sink) throw off();
  const told = readBatch(body);
  const records = heard(leading(service), caller.shard, told.records);
  try {
    await sink.write({ ...told, records }, signal);
  } catch (error) {
    throw problemOf(error);
  }
  return { protocol: PROTOCOL, skipped: told.total - records.length };
}

/** A batch as it was told, without what can't be read. */
function readBatch(body: unknown): HistoryBatch & { readonly total: number } {
  const read = readTolerantly(historyRequestSchema, body);
  if (!read.success) throw new ControlProblem(400, 'BODY_INVALID', explainIssues(read.error));
  const { session, at, dropped, records } = read.data;
  const kinds = RECORD_KINDS.filter((kind) => dropped[kind] !== undefined);
  return {
    session,
    at,
    dropped: Object.fromEntries(kinds.map((kind) => [kind, dropped[kind]])),
    records: records.flatMap((record) => historyRecordSchema.safeParse(record).data ?? []),
    total: records.length,
  };
}

/** The records that the shard may tell. */
function heard(hub: ShardHub, shard: ShardId, records: readonly HistoryRecord[]): HistoryRecord[] {
  return records.filter(({ uid, epoch }) => {
    const mayTell = hub.mayTell(shard, uid, epoch);
    if (mayTell !== undefined) return mayTell;
    throw away('The leader has not read yet which bots the shard has.');
  });
}

function problemOf(error: unknown): unknown {
  const code = errorCode(error);
  if (code === 'HISTORY_OFF') return off();
  if (code !== 'HISTORY_AWAY') return error;
  return away("The history can't be written at present; the leader's log says why.");
}

function away(detail: string): ControlProblem {
  return new ControlProblem(503, 'HISTORY_AWAY', detail);
}

function off(): ControlProblem {
  return new ControlProblem(404, 'HISTORY_OFF', 'No history is kept: no database is configured.');
}
