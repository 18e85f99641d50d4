import type { RetryCategory } from '../../api/retry.ts';
import type { CallFault } from '../telegram/call-error.ts';

/** What a breaker makes of how a call ended. */
export type Verdict = 'failure' | 'success' | 'ignored';

/** What one kind of failure means to each step of the pipeline (DESIGN §8). */
export interface FaultRule {
  /** What the bot's breaker makes of it; `ignored` says nothing of whether its calls work. */
  readonly breaker: Verdict;
  /** What the shard's breaker makes of it: whether Telegram works at all, for whatever bot. */
  readonly upstream: Verdict;
  /** By which policy the call is tried again; never where undefined. */
  readonly retry: RetryCategory | undefined;
  /** What the bot's health makes of it; `rejected` is an answer like any other. */
  readonly health: 'failure' | 'rate-limited' | 'rejected' | 'ignored';
  /** Whether the token is to be doubted. */
  readonly suspectToken: boolean;
}

/**
 * The table of DESIGN §8, the one place that says what follows from a failure. A 409 to getUpdates
 * is the poller's business (§7). What we held back or called off ourselves tells nothing of
 * Telegram.
 */
export const FAULT_RULES: Readonly<Record<CallFault, FaultRule>> = {
  network: rule('failure', 'failure', 'network', 'failure'),
  timeout: rule('failure', 'failure', 'network', 'failure'),
  server: rule('failure', 'failure', 'server', 'failure'),
  'rate-limited': rule('ignored', 'success', 'rateLimit', 'rate-limited'),
  unauthorized: { ...rule('failure', 'ignored', undefined, 'failure'), suspectToken: true },
  conflict: rule('ignored', 'success', undefined, 'ignored'),
  rejected: rule('success', 'success', undefined, 'rejected'),
  unknown: rule('failure', 'ignored', 'unknown', 'failure'),
  'breaker-open': rule('ignored', 'ignored', undefined, 'ignored'),
  'held-back': rule('ignored', 'ignored', undefined, 'ignored'),
  aborted: rule('ignored', 'ignored', undefined, 'ignored'),
};

function rule(
  breaker: Verdict,
  upstream: Verdict,
  retry: FaultRule['retry'],
  health: FaultRule['health'],
): FaultRule {
  return { breaker, upstream, retry, health, suspectToken: false };
}
