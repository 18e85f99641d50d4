import type { Context } from 'grammy';
import type { UpdateKind } from '../../lib/update-kinds.ts';

/** An update on its way through the handlers. */
export interface HandlerContext {
  readonly ctx: Context;
  /** Which try this is; 1 is the first. */
  readonly attempt: number;
}

/** One entry of `spec.handlers`, ready to run. */
export interface UpdateHandler {
  /** The kinds of update that it may fit; it is asked about no others. */
  readonly kinds: readonly UpdateKind[];
  /** Handles the update, or returns undefined at once where it does not fit. */
  handle(context: HandlerContext, signal: AbortSignal): Promise<void> | undefined;
}
