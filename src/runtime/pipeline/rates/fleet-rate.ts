import type { FleetRateLimits } from '../../../api/rate-limits.ts';
import type { Clock } from '../../../lib/clock.ts';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';
import {
  type Lane,
  type LineRules,
  type Priority,
  type Turn,
  WaitingLine,
} from './waiting-line.ts';

/** A call that needs a turn of the fleet's. */
export interface FleetCall {
  readonly method: string;
  readonly priority: Priority;
  /** On the monotonic clock; infinite where the caller has time. */
  readonly deadlineMs: number;
}

/** The turns that the bots of a runtime get within the limits of their fleet. */
export interface FleetRate {
  /**
   * Takes a turn at once and returns undefined, or resolves when it is taken; the call must be made
   * right then. Rejects with a CallError: `held-back` where the turn would come after the deadline
   * or too many wait, `aborted` as soon as `signal` aborts.
   */
  acquire(call: FleetCall, signal: AbortSignal): Promise<void> | undefined;
}

interface MethodLane extends Lane {
  readonly window: SlidingWindow;
}

interface FleetTurn extends Turn {
  readonly lane: MethodLane | undefined;
}

/** How many calls of one priority may wait. */
const CAPACITY = 10_000;

/**
 * A fleet's limits divided evenly among its shards, without any of them knowing of the others: no
 * second sees more than the limit, except where the limit is below the number of shards. Then each
 * shard makes one call in a window that is longer than a second, and the limit holds on average.
 */
export class LocalFleetRate implements FleetRate, LineRules<FleetTurn> {
  readonly #line: WaitingLine<FleetTurn>;
  #window: SlidingWindow | undefined;
  #lanes: ReadonlyMap<string, MethodLane> = new Map();
  #limits: FleetRateLimits = {};

  constructor(clock: Clock) {
    this.#line = new WaitingLine({ clock, rules: this, capacity: CAPACITY });
  }

  /** Goes by these limits from now on; what has been sent counts towards them. */
  apply(limits: FleetRateLimits, shards: number): void {
    this.#limits = limits;
    const { perSecond, methods = {} } = limits;
    this.#window = perSecond === undefined ? undefined : shareOf(perSecond, shards, this.#window);
    const lanes = new Map<string, MethodLane>();
    for (const [method, perSecond] of Object.entries(methods)) {
      const lane = this.#lanes.get(method);
      const window = shareOf(perSecond, shards, lane?.window);
      lanes.set(method, lane ?? { window, waiting: 0 });
    }
    this.#lanes = lanes;
    this.#line.review();
  }

  acquire(call: FleetCall, signal: AbortSignal): Promise<void> | undefined {
    const lane = this.#lanes.get(call.method);
    if (!lane && !this.#window) return undefined;
    const { priority, deadlineMs } = call;
    return this.#line.enter({ priority, deadlineMs, lane }, signal);
  }

  isFull(): boolean {
    return false;
  }

  openMs(nowMs: number, ahead: number): number {
    return this.#window?.earliestMs(nowMs, ahead) ?? nowMs;
  }

  laneMs({ lane }: FleetTurn, nowMs: number, ahead: number): number {
    return lane?.window.earliestMs(nowMs, ahead) ?? nowMs;
  }

  take({ lane }: FleetTurn, nowMs: number): void {
    this.#window?.add(nowMs);
    lane?.window.add(nowMs);
  }

  reason(turn: FleetTurn, nowMs: number): string {
    const { perSecond, methods } = this.#limits;
    const [method] = [...this.#lanes].find(([, lane]) => lane === turn.lane) ?? [];
    return method !== undefined && this.laneMs(turn, nowMs, 0) > nowMs
      ? `rateLimits.methods.${method} of the fleet is ${methods?.[method]}`
      : `rateLimits.perSecond of the fleet is ${perSecond}`;
  }
}

/** One shard's share of a limit: another window, or `window` made so. */
function shareOf(perSecond: number, shards: number, window?: SlidingWindow): SlidingWindow {
  const limit = Math.max(1, Math.floor(perSecond / shards));
  const windowMs = WINDOW_MS * Math.max(1, shards / perSecond);
  const share = window ?? new SlidingWindow(limit, windowMs);
  share.resize(limit, windowMs);
  return share;
}
