import type { Random } from './random.ts';

/** How long to wait between tries. Durations in milliseconds. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Growth a try; 2 unless given. */
  readonly factor?: number;
}

/**
 * The wait before retry number `attempt` (0 is the first), with full jitter: uniform between 0 and
 * the exponential ceiling. Spreads a crowd of failed callers best of the known schemes: "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function fullJitterMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  return random() * ceilingMs(policy, attempt);
}

/**
 * As {@link fullJitterMs}, but never below half of the ceiling: for loops in which an instant retry
 * would do harm, such as polling against a server that has just refused.
 */
export function equalJitterMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  return (ceilingMs(policy, attempt) * (1 + random())) / 2;
}

function ceilingMs(policy: BackoffPolicy, attempt: number): number {
  return Math.min(policy.maxMs, policy.initialMs * (policy.factor ?? 2) ** attempt);
}
