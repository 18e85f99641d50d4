import type { Context } from 'grammy';
import type { Span } from '../../lib/tracing.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { TryUsage } from '../usage.ts';
import type { Gate } from './gate/gate.ts';

/** An update on its way through the handlers. */
export interface HandlerContext {
  readonly ctx: Context;
  /** Which try this is; 1 is the first. */
  readonly attempt: number;
  /** What it takes of what all bots share is booked here. */
  readonly usage: TryUsage;
  /** What this is part of, where that is traced. */
  readonly span?: Span | undefined;
}

/** One entry of `spec.handlers`, ready to run. */
export interface UpdateHandler {
  /** The membership gate that it keeps, if it keeps one. */
  readonly gate?: Gate;
  /** The kinds of update that it may fit; it is asked about no others. */
  readonly kinds: readonly UpdateKind[];
  /**
   * Handles the update, or returns undefined at once where it does not fit. `passed` says that only
   * looking told whether it fits, and that it goes on to the handlers after this one.
   */
  handle(context: HandlerContext, signal: AbortSignal): Promise<void | 'passed'> | undefined;
}
