import type { Priority } from './waiting-line.ts';

/** A call that needs a turn of the fleet's. */
export interface FleetCall {
  readonly method: string;
  readonly priority: Priority;
  /** On the monotonic clock; infinite where the caller has time. */
  readonly deadlineMs: number;
}

/** A call's turn. */
export interface FleetTurn {
  /** To be called when the call was answered, or failed. */
  end(): void;
}

/** The turns that the bots of a runtime get within the limits of their fleet. */
export interface FleetRate {
  /**
   * Takes a turn at once, or resolves when it is taken; the call must be made right then. Undefined
   * where there is no limit. Rejects with a CallError: `held-back` where the turn would come after
   * the deadline or too many wait, `aborted` as soon as `signal` aborts.
   */
  acquire(call: FleetCall, signal: AbortSignal): FleetTurn | Promise<FleetTurn> | undefined;
}
