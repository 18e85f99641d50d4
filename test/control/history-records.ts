import type {
  HistoryRecord,
  SnapshotRecord,
  TransitionRecord,
  UsageRecord,
  VerificationRecord,
} from '../../src/api/history-records.ts';

const bot = (seq: number) => ({ uid: 'bot', epoch: 1, seq, at: seq });

export function snapshot(seq: number): SnapshotRecord {
  return {
    kind: 'snapshot',
    ...bot(seq),
    health: 'Healthy',
    breaker: 'Closed',
    errorPercent: 0,
    avgResponseMs: 0,
    consecutiveFailures: 0,
    rateLimited: 0,
    updates: 0,
    handled: 0,
    replies: 0,
    errors: 0,
    restarts: 0,
  };
}

export function transition(seq: number): TransitionRecord {
  return { kind: 'transition', ...bot(seq), of: 'health', from: 'Healthy', to: 'Degraded' };
}

export function verification(seq: number): VerificationRecord {
  return { kind: 'verification', ...bot(seq), outcome: 'Verified', userId: 7 };
}

/** So many calls of a method so far. */
export function usage(method: string, calls: number): UsageRecord {
  return {
    kind: 'usage',
    uid: 'bot',
    epoch: 1,
    hour: 0,
    method,
    command: '',
    updateKind: '',
    chatKind: '',
    outcome: 'ok',
    calls,
    latencies: [calls, ...Array.from({ length: 12 }, () => 0)],
  };
}

/** So many errors of a kind so far. */
export function errors(fingerprint: string, count: number): HistoryRecord {
  const hour = { uid: 'bot', epoch: 1, hour: 0 };
  return { kind: 'error', ...hour, fingerprint, sample: 'it failed', errors: count };
}
