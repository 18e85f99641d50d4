import type { RetryCategory } from '../../api/retry.ts';
import type { CallFault } from '../telegram/call-error.ts';

/** What one kind of failure means to each step of the pipeline (DESIGN §8). */
export interface FaultRule {
  /** What the breakers make of it; `ignored` says nothing of whether Telegram works. */
  readonly breaker: 'failure' | 'success' | 'ignored';
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
  network: rule('failure', 'network', 'failure'),
  timeout: rule('failure', 'network', 'failure'),
  server: rule('failure', 'server', 'failure'),
  'rate-limited': rule('ignored', 'rateLimit', 'rate-limited'),
  unauthorized: { ...rule('failure', undefined, 'failure'), suspectToken: true },
  conflict: rule('ignored', undefined, 'ignored'),
  rejected: rule('success', undefined, 'rejected'),
  unknown: rule('failure', 'unknown', 'failure'),
  'breaker-open': rule('ignored', undefined, 'ignored'),
  'held-back': rule('ignored', undefined, 'ignored'),
  aborted: rule('ignored', undefined, 'ignored'),
};

function rule(
  breaker: FaultRule['breaker'],
  retry: FaultRule['retry'],
  health: FaultRule['health'],
): FaultRule {
  return { breaker, retry, health, suspectToken: false };
}
