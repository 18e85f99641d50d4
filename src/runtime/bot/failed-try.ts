import { GrammyError, HttpError } from 'grammy';
import { ForwardError } from '../handlers/forward/forward-error.ts';
import { FAULT_RULES } from '../pipeline/rules.ts';
import type { Effects } from '../pipeline/step.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';

/** Until the breaker has opened, which then says how long. */
const OUTAGE_PAUSE_MS = 1_000;

/** One try at handling an update that failed, because of `cause`. */
export class FailedTry extends Error {
  override readonly name = 'FailedTry';
  /** Whether another try may be made. */
  readonly retryable: boolean;
  /** Where it does not count: in how long another is worth while. */
  readonly heldBackMs: number | undefined;

  constructor(cause: unknown, retryable: boolean, heldBackMs?: number) {
    super('a try failed', { cause });
    this.retryable = retryable;
    this.heldBackMs = retryable ? heldBackMs : undefined;
  }
}

/** Whether a try that ended with `error` may be repeated: nothing was done, and it may pass. */
export function isRetryable(error: unknown, effects: Effects): boolean {
  if (effects.mayHaveHappened) return false;
  if (error instanceof ForwardError) return error.retryable;
  return !isCallFailure(error) || classifyThrown(error).fault !== 'rejected';
}

/**
 * Where a try that ended with `error` says nothing of its update, since none of the bot's calls
 * goes through: in how long another is worth while. So an outage makes no update fail for good,
 * however long it lasts. `outage` is whether nothing was answered while the try went on.
 */
export function holdBackMs(error: unknown, outage: boolean): number | undefined {
  if (!isCallFailure(error)) return undefined;
  const { fault, retryAfterMs } = classifyThrown(error);
  if (fault === 'breaker-open' || fault === 'held-back') return retryAfterMs;
  return outage && FAULT_RULES[fault].upstream === 'failure' ? OUTAGE_PAUSE_MS : undefined;
}

/** Whether the error came from a Bot API call, and so was counted where the call was made. */
export function isCallFailure(error: unknown): boolean {
  // A call that a forward service asked for failed as a call first.
  const failed = error instanceof ForwardError ? error.cause : error;
  return (
    failed instanceof GrammyError || failed instanceof HttpError || failed instanceof CallError
  );
}
