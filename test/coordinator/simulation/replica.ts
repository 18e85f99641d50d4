import { pino } from 'pino';
import type { FleetRateLimits } from '../../../src/api/rate-limits.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import type { Timer } from '../../../src/lib/clock.ts';
import { Process } from './event-loop.ts';
import type { KnownReplica, Surroundings, SyncCall } from './surroundings.ts';

const REFRESH_MS = 1_000;
const log = pino({ level: 'silent' });

interface Held {
  readonly call: SyncCall;
  readonly timer: Timer;
}

/** One time of leading. */
class Leading {
  readonly coordinator: Coordinator;
  readonly stop = new AbortController();
  readonly held = new Map<number, Held>();
  /** The last request of each session. */
  readonly seen = new Map<string, number>();

  constructor(coordinator: Coordinator) {
    this.coordinator = coordinator;
  }
}

/** A replica of the operator: campaigns for the lease as client-go does, and coordinates. */
export class Replica implements KnownReplica {
  readonly name: string;
  readonly process: Process;
  readonly #world: Surroundings;
  #leading: Leading | undefined;
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #observed = { version: -1, atMs: 0 };

  constructor(world: Surroundings, index: number) {
    this.#world = world;
    this.name = `replica-${index}`;
    this.process = new Process(world.loop, world.rate('replica'));
    this.process.clock.setTimer(50 * index, () => this.#campaign());
  }

  setLimits(limits: FleetRateLimits): void {
    this.process.run(() => this.#leading?.coordinator.setLimits(limits));
  }

  /** Whether nobody else can have the lease yet, by its own clock. */
  isLeader(): boolean {
    return this.process.clock.monotonicMs() < this.#validUntilMs;
  }

  /** Ends the process. It may begin again. */
  kill(): void {
    this.process.kill();
    this.#leading?.stop.abort();
  }

  resign(): void {
    if (this.#world.lease.holder !== this) return;
    this.#lose();
    this.#world.lease = { holder: undefined, version: this.#world.lease.version + 1 };
  }

  sync(call: SyncCall): void {
    const leading = this.#leading;
    const isLeader = this.#world.sabotage.neverAsksWhetherItLeads === true || this.isLeader();
    if (!leading || !isLeader) {
      call.answer(undefined);
      return;
    }
    const { coordinator, held, seen } = leading;
    const { id } = call;
    if (call.seq <= (seen.get(id.session) ?? 0)) return;
    seen.set(id.session, call.seq);
    this.#answer(leading, id.shard);
    if (call.demand) coordinator.hear(id, call.demand);
    const { clock } = this.process;
    const timer = clock.setTimer(REFRESH_MS, () => this.#answer(leading, id.shard));
    held.set(id.shard, { call, timer });
    if (coordinator.hasNews(id)) this.#answer(leading, id.shard);
  }

  #answer({ held, coordinator }: Leading, shard: number): void {
    const waiting = held.get(shard);
    if (!waiting) return;
    held.delete(shard);
    waiting.timer.cancel();
    waiting.call.answer(coordinator.grant(waiting.call.id));
  }

  /** Looks at the lease, and takes or renews it where it may. */
  #campaign(): void {
    const { clock } = this.process;
    const { timings } = this.#world.options;
    const sentMs = clock.monotonicMs();
    this.process.clock.setTimer(timings.retryPeriodMs, () => this.#campaign());
    if (!this.isLeader() && !this.#world.sabotage.neverAsksWhetherItLeads) this.#lose();
    if (this.#world.cut.has(`${this.name}>api`)) return;
    this.#world.loop.after(this.#world.delayMs(), () => {
      const { lease } = this.#world;
      const mayTake = lease.holder === this || this.#isFree(sentMs) || lease.holder === undefined;
      if (mayTake) this.#world.lease = { holder: this, version: lease.version + 1 };
      const seen = this.#world.lease.version;
      this.#world.loop.after(this.#world.delayMs(), () =>
        this.process.run(() => this.#see({ mayTake, seen, sentMs, isNew: lease.holder !== this })),
      );
    });
  }

  /** Judged by what was seen when the request was sent, as a compare-and-swap would. */
  #isFree(sentMs: number): boolean {
    const { version, atMs } = this.#observed;
    const { lease, options } = this.#world;
    return version === lease.version && sentMs >= atMs + options.timings.leaseDurationMs;
  }

  #see(result: {
    readonly mayTake: boolean;
    readonly seen: number;
    readonly sentMs: number;
    readonly isNew: boolean;
  }): void {
    const nowMs = this.process.clock.monotonicMs();
    if (result.seen !== this.#observed.version)
      this.#observed = { version: result.seen, atMs: nowMs };
    if (!result.mayTake) return;
    if (result.isNew) this.#lose();
    const untilMs = result.sentMs + this.#world.options.timings.renewDeadlineMs;
    this.#validUntilMs = Math.max(this.#validUntilMs, untilMs);
    if (!this.#leading && this.isLeader()) this.#lead();
  }

  #lead(): void {
    const { clock } = this.process;
    const world = this.#world;
    const { sabotage } = world;
    const { lease } = world.options.timings;
    const coordinator = new Coordinator({
      instance: `${this.name}-${world.loop.nowMs}`,
      fleet: 'default',
      store: world.storeFor(this),
      isLeader: () => sabotage.neverAsksWhetherItLeads === true || this.isLeader(),
      shards: () => (sabotage.suspectsNobody ? [] : world.shards.map(({ shard }) => shard)),
      isGone: ({ shard, pod }) => pod !== '' && world.shards[shard]?.pod !== pod,
      wake: (shard) => this.#leading && this.#answer(this.#leading, shard),
      weightOf: (shard) => world.options.weightOf?.(shard, world.loop.nowMs) ?? 1,
      timings: { ...lease, flightMs: sabotage.leaderFlightMs ?? lease.flightMs },
      clock,
      random: world.random,
      log,
    });
    const leading = new Leading(coordinator);
    this.#leading = leading;
    coordinator.setLimits(world.limits);
    void coordinator.start(leading.stop.signal);
  }

  #lose(): void {
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    this.#leading?.stop.abort();
    this.#leading = undefined;
  }
}
