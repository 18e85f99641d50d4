import { GrammyError, HttpError } from 'grammy';
import { ForwardError } from '../handlers/forward/forward-error.ts';
import type { Effects } from '../pipeline/step.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';

/** One try at handling an update that failed, because of `cause`. */
export class FailedTry extends Error {
  override readonly name = 'FailedTry';
  /** Whether another try may be made. */
  readonly retryable: boolean;

  constructor(cause: unknown, retryable: boolean) {
    super('a try failed', { cause });
    this.retryable = retryable;
  }
}

/** Whether a try that ended with `error` may be repeated: nothing was done, and it may pass. */
export function isRetryable(error: unknown, effects: Effects): boolean {
  if (effects.mayHaveHappened) return false;
  if (error instanceof ForwardError) return error.retryable;
  return !isCallFailure(error) || classifyThrown(error).fault !== 'rejected';
}

/**
 * Of a try that was never made, since a breaker was open: in how long another is worth while.
 * Undefined of all others.
 */
export function neverMadeMs(error: unknown): number | undefined {
  if (!(error instanceof FailedTry) || !error.retryable) return undefined;
  const { cause } = error;
  return cause instanceof CallError && cause.fault === 'breaker-open'
    ? cause.retryAfterMs
    : undefined;
}

/** Whether the error came from a Bot API call, and so was counted where the call was made. */
export function isCallFailure(error: unknown): boolean {
  // A call that a forward service asked for failed as a call first.
  const failed = error instanceof ForwardError ? error.cause : error;
  return (
    failed instanceof GrammyError || failed instanceof HttpError || failed instanceof CallError
  );
}
