import { fullJitterMs } from '../../lib/backoff.ts';
import { sleep } from '../../lib/clock.ts';
import type { CallError, CallFault } from '../telegram/call-error.ts';
import { failureOf } from './outcome.ts';
import { type CallContext, isReading, type PipelineStep } from './step.ts';

/** Faults that may be gone a moment later. */
const PASSING: ReadonlySet<CallFault> = new Set(['network', 'timeout', 'server', 'unknown']);
const MAX_RETRIES = 2;
const MAX_RATE_LIMITED_RETRIES = 3;
const BACKOFF = { initialMs: 500, maxMs: 8_000 };
/** Spreads those that were told to come back in the same second. */
const RATE_LIMIT_JITTER_MS = 1_000;
/** From the first try on; a wait that would end later is not begun. */
const DEADLINE_MS = 60_000;

/**
 * Tries a failed call again (DESIGN §8): twice after network errors, timeouts, server errors and
 * what is not known, with full jitter; three times after a 429, obeying `retry_after`. What
 * Telegram refused is not tried again, and neither is a call that it may have carried out, unless
 * the call only reads.
 */
export const retry: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const deadlineMs = context.clock.monotonicMs() + DEADLINE_MS;
  const tries = { failed: 0, rateLimited: 0 };
  for (;;) {
    const call = prev(method, payload, signal);
    const failure = await failureOf(call);
    const waitMs = failure && waitBeforeRetryMs(failure, { method, tries, context });
    if (waitMs === undefined || context.clock.monotonicMs() + waitMs > deadlineMs) return call;
    await sleep(context.clock, waitMs, context.signal);
  }
};

/** How long to wait before the call is made again; undefined when it is not to be. */
function waitBeforeRetryMs(
  failure: CallError,
  state: {
    readonly method: string;
    readonly tries: { failed: number; rateLimited: number };
    readonly context: CallContext;
  },
): number | undefined {
  const { method, tries, context } = state;
  if (failure.mayHaveHappened && !isReading(method)) return undefined;
  if (failure.fault === 'rate-limited') {
    if (tries.rateLimited++ >= MAX_RATE_LIMITED_RETRIES) return undefined;
    return (failure.retryAfterMs ?? 0) + context.random() * RATE_LIMIT_JITTER_MS;
  }
  if (!PASSING.has(failure.fault) || tries.failed >= MAX_RETRIES) return undefined;
  return fullJitterMs(BACKOFF, tries.failed++, context.random);
}
