import type { FleetRateLimits } from '../../../api/rate-limits.ts';
import {
  type Demand,
  type Grant,
  resourceOfMethod,
  TOTAL,
  type Use,
} from '../../../control/grants.ts';
import type { GrantHolder } from '../../../control/port.ts';
import { DemandMeter } from '../../../coordinator/demand-meter.ts';
import { HeldGrant } from '../../../coordinator/held-grant.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { FleetCall, FleetRate, FleetTurn } from './fleet-rate.ts';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';
import {
  type Lane,
  type LineRules,
  type Priority,
  type Turn,
  WaitingLine,
} from './waiting-line.ts';

/** Telegram may hold a poll for long before it answers: after so long it has arrived all the same. */
const POLL_ARRIVES_MS = 1_000;
/** How many calls of one priority may wait. */
const CAPACITY = 10_000;
/** A demand that is so much above what was told last is told at once. */
const JUMP = 1.25;
/** When a shard that may make no call at all may look again. */
const LOOK_AGAIN_MS = 1_000;

/** What is limited: all calls, or those of a method. */
class Resource implements Lane {
  readonly name: string;
  readonly window: SlidingWindow;
  readonly demand: DemandMeter;
  waiting = 0;
  limit = 0;
  /** The demand that was told last. */
  told = 0;
  readonly #windowMs: number;

  constructor(
    name: string,
    { windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: number },
  ) {
    this.name = name;
    this.#windowMs = windowMs;
    this.window = new SlidingWindow(1, windowMs);
    this.demand = new DemandMeter(nowMs);
  }

  earliestMs(nowMs: number, ahead: number): number {
    return this.limit === 0 ? nowMs + LOOK_AGAIN_MS : this.window.earliestMs(nowMs, ahead);
  }

  setLimit(limit: number): void {
    this.limit = limit;
    this.window.resize(Math.max(1, limit), this.#windowMs);
  }

  use(waiting: number, nowMs: number): Use {
    this.told = this.demand.read(waiting, nowMs);
    return { wanted: this.told, load: this.window.load(nowMs), limit: this.limit };
  }
}

/** A turn that counts for up to two resources, from when it is taken until it has ended. */
class GrantedTurn implements Turn, FleetTurn {
  readonly priority: Priority;
  readonly deadlineMs: number;
  readonly method: string;
  lane: Resource | undefined;
  readonly #isPoll: boolean;
  readonly #rate: { readonly clock: Clock; readonly onRoom: () => void };
  #windows: readonly (SlidingWindow | undefined)[] = [];
  /** When a poll has arrived at the latest. */
  #arrivesMs = 0;

  /** `onRoom` hears that there is room earlier than it seemed. */
  constructor(
    call: FleetCall,
    lane: Resource | undefined,
    rate: { readonly clock: Clock; readonly onRoom: () => void },
  ) {
    this.priority = call.priority;
    this.deadlineMs = call.deadlineMs;
    this.method = call.method;
    this.lane = lane;
    this.#isPoll = call.method === 'getUpdates';
    this.#rate = rate;
  }

  take(window: SlidingWindow | undefined, nowMs: number): void {
    this.#windows = [window, this.lane?.window];
    this.#arrivesMs = nowMs + POLL_ARRIVES_MS;
    for (const one of this.#windows) {
      if (this.#isPoll) one?.add(this.#arrivesMs);
      else one?.begin();
    }
  }

  end(): void {
    const { clock, onRoom } = this.#rate;
    const nowMs = clock.monotonicMs();
    const windows = this.#windows;
    this.#windows = [];
    if (!this.#isPoll) for (const one of windows) one?.end(nowMs);
    else if (nowMs < this.#arrivesMs) {
      for (const one of windows) one?.advance(this.#arrivesMs, nowMs);
      onRoom();
    }
  }
}

/** What a {@link GrantedFleetRate} works with. */
export interface GrantedFleetRateOptions {
  readonly clock: Clock;
  /** How many of the bots were lately told to slow down. */
  readonly throttled?: () => number;
  /** A second, with what clocks may be off; {@link WINDOW_MS} unless given. */
  readonly windowMs?: number;
}

/**
 * The part of a fleet's limits that the leader has granted to this shard, as sliding windows: no
 * second sees more. Between grants it goes by what the last one says; see {@link HeldGrant}. It
 * asks early when much more is wanted than was told last.
 */
export class GrantedFleetRate implements FleetRate, GrantHolder, LineRules<GrantedTurn> {
  readonly #clock: Clock;
  readonly #throttled: () => number;
  readonly #windowMs: number;
  readonly #line: WaitingLine<GrantedTurn>;
  readonly #turns: { readonly clock: Clock; readonly onRoom: () => void };
  readonly #held: HeldGrant;
  #total: Resource | undefined;
  #lanes: ReadonlyMap<string, Resource> = new Map();
  #limits: FleetRateLimits = {};
  #hurry: () => void = () => undefined;
  #hasExpired = false;

  constructor({ clock, throttled = () => 0, windowMs = WINDOW_MS }: GrantedFleetRateOptions) {
    this.#clock = clock;
    this.#throttled = throttled;
    this.#windowMs = windowMs;
    this.#held = new HeldGrant(clock);
    this.#line = new WaitingLine({ clock, rules: this, capacity: CAPACITY });
    this.#turns = { clock, onRoom: () => this.#line.wake() };
  }

  /** Goes by these limits of the whole fleet from now on; what has been sent counts towards them. */
  apply(limits: FleetRateLimits): void {
    this.#limits = limits;
    const { perSecond, methods = {} } = limits;
    const before = this.#resources();
    this.#total = perSecond === undefined ? undefined : (this.#total ?? this.#resource(TOTAL));
    const lanes = Object.keys(methods).map((method) => {
      const lane = this.#lanes.get(method) ?? this.#resource(resourceOfMethod(method));
      return [method, lane] as const;
    });
    this.#lanes = new Map(lanes);
    // A limit also binds those that have waited since before it was set.
    this.#line.regroup((turn) => {
      turn.lane = this.#lanes.get(turn.method);
    });
    this.#follow();
    // Nothing may be made of what the leader has not been asked for.
    if (this.#resources().some((resource) => !before.includes(resource))) this.#hurry();
  }

  acquire(call: FleetCall, signal: AbortSignal): FleetTurn | Promise<FleetTurn> | undefined {
    const lane = this.#lanes.get(call.method);
    if (!lane && !this.#total) return undefined;
    this.#total?.demand.add();
    lane?.demand.add();
    const turn = new GrantedTurn(call, lane, this.#turns);
    const waiting = this.#line.enter(turn, signal);
    if (!waiting) return turn;
    this.#hurryIfNeeded(lane);
    return waiting.then(() => turn);
  }

  onHurry(hurry: () => void): void {
    this.#hurry = hurry;
  }

  demand(): Demand | undefined {
    const resources = this.#resources();
    if (resources.length === 0) return undefined;
    const nowMs = this.#clock.monotonicMs();
    this.#expireIfDue(nowMs);
    const uses = resources.map((resource) => {
      const waiting = resource === this.#total ? this.#line.size : resource.waiting;
      return [resource.name, resource.use(waiting, nowMs)] as const;
    });
    return {
      ...(this.#held.id && { grant: this.#held.id }),
      uses: Object.fromEntries(uses),
      throttled: this.#throttled(),
    };
  }

  grant(grant: Grant, sentMs: number): void {
    if (this.#held.take(grant, sentMs)) this.#follow();
  }

  end(): void {
    this.#held.end();
    this.#follow();
  }

  isFull(): boolean {
    this.#expireIfDue(this.#clock.monotonicMs());
    return this.#total?.limit === 0;
  }

  openMs(nowMs: number, ahead: number): number {
    this.#expireIfDue(nowMs);
    return this.#total?.earliestMs(nowMs, ahead) ?? nowMs;
  }

  laneMs({ lane }: GrantedTurn, nowMs: number, ahead: number): number {
    return lane?.earliestMs(nowMs, ahead) ?? nowMs;
  }

  take(turn: GrantedTurn, nowMs: number): void {
    turn.take(this.#total?.window, nowMs);
  }

  reason(turn: GrantedTurn, nowMs: number): string {
    const { perSecond, methods } = this.#limits;
    const [method, lane] = [...this.#lanes].find(([, lane]) => lane === turn.lane) ?? [];
    const isLane = method !== undefined && this.laneMs(turn, nowMs, 0) > nowMs;
    const [name, limit] = isLane
      ? [`methods.${method}`, methods?.[method]]
      : ['perSecond', perSecond];
    const part = (isLane ? lane : this.#total)?.limit;
    return `rateLimits.${name} of the fleet is ${limit}, of which this shard has ${part} at present`;
  }

  #resource(name: string): Resource {
    return new Resource(name, { windowMs: this.#windowMs, nowMs: this.#clock.monotonicMs() });
  }

  #resources(): readonly Resource[] {
    return [...(this.#total ? [this.#total] : []), ...this.#lanes.values()];
  }

  /** Brings all limits in line with the grant and with what the fleet may do at all. */
  #follow(): void {
    this.#setLimits();
    this.#line.review();
  }

  #setLimits(): void {
    const { perSecond = 0, methods = {} } = this.#limits;
    this.#hasExpired = this.#clock.monotonicMs() >= this.#held.expiresMs;
    this.#total?.setLimit(Math.min(perSecond, this.#held.limit(TOTAL)));
    for (const [method, lane] of this.#lanes) {
      lane.setLimit(Math.min(methods[method] ?? 0, this.#held.limit(lane.name)));
    }
  }

  #expireIfDue(nowMs: number): void {
    if (!this.#hasExpired && nowMs >= this.#held.expiresMs) this.#setLimits();
  }

  #hurryIfNeeded(lane: Resource | undefined): void {
    const isTotal = this.#total && this.#line.size > this.#total.told * JUMP;
    if (isTotal || (lane && lane.waiting > lane.told * JUMP)) this.#hurry();
  }
}
