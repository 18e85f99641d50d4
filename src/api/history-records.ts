import { z } from 'zod';
import { environmentError, type TenantBotError } from '../lib/errors.ts';
import { BREAKER_STATES } from './breaker.ts';
import { HEALTH_STATES } from './health.ts';

/**
 * Upper bounds in ms of the buckets that latencies are counted in; what takes longer than the last
 * one is counted in one bucket more. Those of two records add up one by one.
 */
export const LATENCY_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

/** The states whose changes are kept. */
export const TRANSITION_KINDS = ['health', 'breaker', 'token', 'lifecycle', 'placement'] as const;
export type TransitionKind = (typeof TRANSITION_KINDS)[number];

/** What became of a call to Telegram; `rejected` is what Telegram refuses for what it says. */
export const CALL_OUTCOMES = ['ok', 'rejected', 'rate_limited', 'failed'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** What became of an update. */
export const UPDATE_OUTCOMES = ['handled', 'skipped', 'failed'] as const;
export type UpdateOutcome = (typeof UPDATE_OUTCOMES)[number];

/** What became of somebody at a membership gate. */
export const VERIFICATION_OUTCOMES = [
  /** Was asked to join. */
  'Prompted',
  /** Pressed the button without having joined. */
  'Refused',
  /** Has joined, and may write now. */
  'Verified',
  /** Was verified, and left. */
  'Left',
] as const;
export type VerificationOutcome = (typeof VERIFICATION_OUTCOMES)[number];

/** How many records one batch holds at most. */
export const MAX_RECORDS = 1_000;

/** What Postgres keeps in a bigint is far more; beyond this, numbers lose their last digits. */
const count = z.int().min(0);
const int4 = z.int().min(0).max(2_147_483_647);
/** ms since 1970. */
const time = z.int();
const hour = z.int().multipleOf(3_600_000);
const label = z.string().max(64);
const bot = { uid: z.string().min(1).max(64), epoch: z.int().min(1) };
/** Grows by one from record to record of a session, whatever the bot. */
const numbered = { ...bot, seq: count, at: time };

const snapshotSchema = z.object({
  kind: z.literal('snapshot'),
  ...numbered,
  health: z.enum(HEALTH_STATES),
  breaker: z.enum(BREAKER_STATES),
  errorPercent: z.int().min(0).max(100),
  avgResponseMs: int4,
  consecutiveFailures: int4,
  rateLimited: count,
  updates: count,
  handled: count,
  replies: count,
  errors: count,
  restarts: int4,
});
/** How a bot did at one moment. Counters are those of its life, not of a time. */
export type SnapshotRecord = Readonly<z.output<typeof snapshotSchema>>;

const transitionSchema = z.object({
  kind: z.literal('transition'),
  ...numbered,
  of: z.enum(TRANSITION_KINDS),
  from: z.string().min(1).max(64).exactOptional(),
  to: z.string().min(1).max(64),
  /** In words, without anybody's data. */
  cause: z.string().max(1_024).exactOptional(),
});
/** A state of a bot has changed. */
export type TransitionRecord = Readonly<z.output<typeof transitionSchema>>;

const verificationSchema = z.object({
  kind: z.literal('verification'),
  ...numbered,
  outcome: z.enum(VERIFICATION_OUTCOMES),
  userId: count.exactOptional(),
});
/** What became of somebody at a membership gate. */
export type VerificationRecord = Readonly<z.output<typeof verificationSchema>>;

const usageSchema = z.object({
  kind: z.literal('usage'),
  ...bot,
  hour,
  /** Of a call to Telegram; '' for an update. */
  method: label,
  /** Of an update: '' where no command of the spec was given. */
  command: label,
  /** Of an update; '' for a call. */
  updateKind: label,
  /** Of an update, where it belongs to a chat. */
  chatKind: label,
  outcome: z.enum([...CALL_OUTCOMES, ...UPDATE_OUTCOMES]),
  /** Of this session in this hour so far. */
  calls: count,
  /** By {@link LATENCY_BOUNDS_MS}; so far, too. */
  latencies: z.array(count).length(LATENCY_BOUNDS_MS.length + 1),
});
/** How often a bot was used in one way within one hour, as far as one session saw it. */
export type UsageRecord = Readonly<z.output<typeof usageSchema>>;

const errorSchema = z.object({
  kind: z.literal('error'),
  ...bot,
  hour,
  fingerprint: z.string().min(1).max(64),
  /** One such error in words, without anybody's data or secrets. */
  sample: z.string().max(1_024),
  /** Of this session in this hour so far. */
  errors: z.int().min(1),
});
/** How often one kind of error came within one hour, as far as one session saw it. */
export type ErrorRecord = Readonly<z.output<typeof errorSchema>>;

/** Schema of {@link HistoryRecord}. */
export const historyRecordSchema = z.discriminatedUnion('kind', [
  snapshotSchema,
  transitionSchema,
  verificationSchema,
  usageSchema,
  errorSchema,
]);
/**
 * What a runtime tells for the history. Whoever keeps it goes by its key, which is the bot with
 * `(session, seq)` or with session, hour and what is counted: so it may be told any number of times.
 */
export type HistoryRecord = z.output<typeof historyRecordSchema>;

/** The kinds of record. */
export const RECORD_KINDS = ['snapshot', 'transition', 'verification', 'usage', 'error'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Schema of {@link HistoryBatch}. */
export const historyBatchSchema = z.object({
  session: z.string().min(8).max(64),
  at: time,
  dropped: z.partialRecord(z.enum(RECORD_KINDS), count),
  records: z.array(historyRecordSchema).max(MAX_RECORDS),
});
/** Records of one start of a runtime. */
export interface HistoryBatch {
  readonly session: string;
  /** What the sender's clock shows, in ms since 1970. */
  readonly at: number;
  /** How many records of the session gave way to others before anybody kept them. */
  readonly dropped: Readonly<Partial<Record<RecordKind, number>>>;
  readonly records: readonly HistoryRecord[];
}

/** Who keeps records. */
export interface HistorySink {
  /**
   * Resolves when the batch is kept for good. Rejects with {@link historyAway} or
   * {@link historyOff} where any part of it may not be.
   */
  write(batch: HistoryBatch, signal: AbortSignal): Promise<void>;
}

/** The database can't be written to at present: whoever has records keeps them, and tries again. */
export function historyAway(why: string, cause?: unknown): TenantBotError {
  return environmentError('HISTORY_AWAY', `the history can't be written at present: ${why}`, cause);
}

/** No history is kept here: whoever has records drops them, and asks again after a while. */
export function historyOff(): TenantBotError {
  return environmentError('HISTORY_OFF', 'no history is kept: no database is configured');
}
