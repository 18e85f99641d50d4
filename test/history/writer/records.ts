import type {
  ErrorRecord,
  HistoryBatch,
  HistoryRecord,
  SnapshotRecord,
  TransitionRecord,
  UsageRecord,
  VerificationRecord,
} from '../../../src/api/history-records.ts';

/** 2026-01-31, noon: where the clocks of these tests stand. */
export const NOON_MS = Date.UTC(2026, 0, 31, 12);
export const HOUR_MS = 3_600_000;

/** A batch of a session whose clock is right. */
export function batch(
  records: readonly HistoryRecord[],
  changes: Partial<HistoryBatch> = {},
): HistoryBatch {
  return { session: 'session-1', at: NOON_MS, dropped: {}, records, ...changes };
}

export function snapshot(seq: number, changes: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    kind: 'snapshot',
    uid: 'uid-1',
    epoch: 1,
    seq,
    at: NOON_MS,
    health: 'Healthy',
    breaker: 'Closed',
    errorPercent: 0,
    avgResponseMs: 40,
    consecutiveFailures: 0,
    rateLimited: 0,
    updates: 10,
    handled: 9,
    replies: 8,
    errors: 1,
    restarts: 0,
    ...changes,
  };
}

export function transition(seq: number, changes: Partial<TransitionRecord> = {}): TransitionRecord {
  const states = { of: 'health', from: 'Healthy', to: 'Degraded', cause: '25 % failed' } as const;
  return { kind: 'transition', uid: 'uid-1', epoch: 1, seq, at: NOON_MS, ...states, ...changes };
}

export function verification(
  seq: number,
  changes: Partial<VerificationRecord> = {},
): VerificationRecord {
  const what = { outcome: 'Verified', userId: 4_711 } as const;
  return { kind: 'verification', uid: 'uid-1', epoch: 1, seq, at: NOON_MS, ...what, ...changes };
}

/** All calls took about as long. */
export function usage(calls: number, changes: Partial<UsageRecord> = {}): UsageRecord {
  return {
    kind: 'usage',
    uid: 'uid-1',
    epoch: 1,
    hour: NOON_MS,
    method: 'sendMessage',
    command: '',
    updateKind: '',
    chatKind: '',
    outcome: 'ok',
    calls,
    latencies: [0, 0, 0, calls, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...changes,
  };
}

export function error(errors: number, changes: Partial<ErrorRecord> = {}): ErrorRecord {
  return {
    kind: 'error',
    uid: 'uid-1',
    epoch: 1,
    hour: NOON_MS,
    fingerprint: 'fingerprint',
    sample: 'a handler failed',
    errors,
    ...changes,
  };
}
