import { z } from 'zod';
import { MAX_RECORDS } from '../api/history-records.ts';

/** Where a runtime sends what it tells for the history. */
export const HISTORY_PATH = '/v1/history';

/** Records of one start of a runtime. As with a sync, its token says of which shard. */
export const historyRequestSchema = z.object({
  protocol: z.int(),
  session: z.string().min(8).max(64),
  /** What the sender's clock shows, in ms since 1970. */
  at: z.int(),
  /** By kind of record; a newer runtime may know others. */
  dropped: z.record(z.string().max(64), z.int().min(0)),
  /** Each to be read by itself, so that one that can't be read harms no other. */
  records: z.array(z.unknown()).max(MAX_RECORDS),
});

/** Everything that was not skipped is kept for good. */
export const historyAnswerSchema = z.object({
  protocol: z.int(),
  /** How many records can't be read, or are of bots that the shard never had. */
  skipped: z.int().min(0),
});
export type HistoryAnswer = z.output<typeof historyAnswerSchema>;
