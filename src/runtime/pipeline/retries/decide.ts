import { durationMs } from '../../../api/duration-text.ts';
import type { RetryCategory, RetrySettings } from '../../../api/retry.ts';
import type { RetryOutcome } from '../../../api/retry-counts.ts';
import type { Random } from '../../../lib/random.ts';
import type { CallError } from '../../telegram/call-error.ts';
import { delayMs } from './strategy.ts';

/** Spreads those that were told to come back in the same second. */
const RATE_LIMIT_JITTER_MS = 1_000;

/** A call that failed in a way that may be gone a moment later. */
export interface FailedCall {
  readonly failure: CallError;
  readonly category: RetryCategory;
  /** Whether it only reads, so that making it twice does no harm. */
  readonly isReading: boolean;
  /** How often it was tried again already after failures of this category. */
  readonly retries: number;
  /** Until its deadline. */
  readonly leftMs: number;
}

/** Why a call is not made again. */
export type GivenUp = Exclude<RetryOutcome, 'retried' | 'recovered' | 'overBudget'>;

/** What is to be done: make it again after that long, or give up. */
export type RetryDecision = { readonly afterMs: number } | { readonly giveUp: GivenUp };

/** Whether and when a call is made again, as the policy of its category says (DESIGN §8). */
export function decideRetry(
  call: FailedCall,
  settings: RetrySettings,
  random: Random,
): RetryDecision {
  const giveUp = reasonToGiveUp(call, settings);
  if (giveUp) return { giveUp };
  const afterMs = waitMs(call, settings, random);
  return afterMs > call.leftMs ? { giveUp: 'pastDeadline' } : { afterMs };
}

function reasonToGiveUp(call: FailedCall, settings: RetrySettings): GivenUp | undefined {
  const { failure, category, isReading, retries } = call;
  const again = category !== 'rateLimit' && settings[category].retryUncertain;
  if (failure.mayHaveHappened && !isReading && !again) return 'uncertain';
  if (category === 'rateLimit') {
    const longestMs = durationMs(settings.rateLimit.maxRetryAfter);
    if ((failure.retryAfterMs ?? 0) > longestMs) return 'pauseTooLong';
  }
  return retries >= settings[category].maxRetries ? 'exhausted' : undefined;
}

function waitMs(
  { failure, category, retries }: FailedCall,
  settings: RetrySettings,
  random: Random,
): number {
  if (category === 'rateLimit') {
    const jitterMs = settings.rateLimit.jitter ? random() * RATE_LIMIT_JITTER_MS : 0;
    return (failure.retryAfterMs ?? 0) + jitterMs;
  }
  const { strategy, initialDelay, maxDelay, jitter } = settings[category];
  const bounds = { initialMs: durationMs(initialDelay), maxMs: durationMs(maxDelay) };
  const fullMs = delayMs(strategy, bounds, retries);
  return jitter ? random() * fullMs : fullMs;
}
