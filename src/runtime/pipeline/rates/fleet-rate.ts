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

interface MethodLane extends Lane {
  readonly window: SlidingWindow;
}

/**
 * Telegram holds a poll, so that its answer does not tell when it arrived: after so long it has.
 */
const POLL_ARRIVES_MS = 250;

/** A turn that counts in up to two windows, from when it is taken until it has ended. */
class LocalTurn implements Turn, FleetTurn {
  readonly priority: Priority;
  readonly deadlineMs: number;
  readonly lane: MethodLane | undefined;
  readonly #isHeld: boolean;
  readonly #clock: Clock;
  #windows: readonly (SlidingWindow | undefined)[] = [];

  constructor(call: FleetCall, lane: MethodLane | undefined, clock: Clock) {
    this.priority = call.priority;
    this.deadlineMs = call.deadlineMs;
    this.lane = lane;
    this.#isHeld = call.method === 'getUpdates';
    this.#clock = clock;
  }

  take(window: SlidingWindow | undefined, nowMs: number): void {
    const windows = [window, this.lane?.window];
    if (this.#isHeld) for (const one of windows) one?.add(nowMs + POLL_ARRIVES_MS);
    else {
      for (const one of windows) one?.begin();
      this.#windows = windows;
    }
  }

  end(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const window of this.#windows) window?.end(nowMs);
    this.#windows = [];
  }
}

/** How many calls of one priority may wait. */
const CAPACITY = 10_000;

/**
 * A fleet's limits divided evenly among its shards, without any of them knowing of the others: no
 * second sees more than the limit, except where the limit is below the number of shards. Then each
 * shard makes one call in a window that is longer than a second, and the limit holds on average.
 */
export class LocalFleetRate implements FleetRate, LineRules<LocalTurn> {
  readonly #clock: Clock;
  readonly #line: WaitingLine<LocalTurn>;
  #window: SlidingWindow | undefined;
  #lanes: ReadonlyMap<string, MethodLane> = new Map();
  #limits: FleetRateLimits = {};

  constructor(clock: Clock) {
    this.#clock = clock;
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

  acquire(call: FleetCall, signal: AbortSignal): FleetTurn | Promise<FleetTurn> | undefined {
    const lane = this.#lanes.get(call.method);
    if (!lane && !this.#window) return undefined;
    const turn = new LocalTurn(call, lane, this.#clock);
    const waiting = this.#line.enter(turn, signal);
    return waiting ? waiting.then(() => turn) : turn;
  }

  isFull(): boolean {
    return false;
  }

  openMs(nowMs: number, ahead: number): number {
    return this.#window?.earliestMs(nowMs, ahead) ?? nowMs;
  }

  laneMs({ lane }: LocalTurn, nowMs: number, ahead: number): number {
    return lane?.window.earliestMs(nowMs, ahead) ?? nowMs;
  }

  take(turn: LocalTurn, nowMs: number): void {
    turn.take(this.#window, nowMs);
  }

  reason(turn: LocalTurn, nowMs: number): string {
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
