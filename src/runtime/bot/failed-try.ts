import { GrammyError, HttpError } from 'grammy';
import { ForwardError } from '../handlers/forward/forward-error.ts';
import type { Effects } from '../pipeline/step.ts';
import { classifyThrown } from '../telegram/call-error.ts';

/** One try at handling an update that failed, with whether another may be made. */
export class FailedTry extends Error {
  override readonly name = 'FailedTry';
  readonly retryable: boolean;

  constructor(cause: unknown, effects: Effects) {
    super('a try failed', { cause });
    this.retryable = !effects.mayHaveHappened && mayPass(cause);
  }
}

/** Whether the error came from a Bot API call, and so was counted where the call was made. */
export function isCallFailure(error: unknown): boolean {
  return error instanceof GrammyError || error instanceof HttpError;
}

function mayPass(error: unknown): boolean {
  if (error instanceof ForwardError) return error.retryable;
  return !isCallFailure(error) || classifyThrown(error).fault !== 'rejected';
}
