/** The reason of a stop after which the bot is not to run here any more: all else passes. */
export const WITHDRAWN = 'withdrawn';

/**
 * The reason of a stop in favour of a newer owner, which has in hand already what is in hand here:
 * nothing more is finished, and Telegram is not asked for anything.
 */
export const YIELDED = 'yielded';

/** Why a bot stops, where its process goes on. */
export type LeaveReason = typeof WITHDRAWN | typeof YIELDED;

/** A bot is to end for good, and why; what resolves when it has. */
export interface Stopping {
  readonly reason: LeaveReason | undefined;
  readonly ended: PromiseWithResolvers<void>;
}
