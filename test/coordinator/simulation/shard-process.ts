import type { FleetRateLimits } from '../../../src/api/rate-limits.ts';
import {
  capsOf,
  type Demand,
  type Grant,
  resourceOfMethod,
  TOTAL,
} from '../../../src/control/grants.ts';
import type { FleetTurn } from '../../../src/runtime/pipeline/rates/fleet-rate.ts';
import { GrantedFleetRate } from '../../../src/runtime/pipeline/rates/granted-fleet-rate.ts';
import { Process } from './event-loop.ts';
import type { KnownReplica, KnownShard, Surroundings } from './surroundings.ts';

const PATIENCE_MS = 1_500;
const GIVE_UP_MS = 2_500;
const COALESCE_MS = 100;
const PAUSE_MS = 20;

/** One start of a runtime, with bots that want to make so many calls a second. */
export class ShardProcess implements KnownShard {
  readonly name: string;
  readonly shard: number;
  readonly pod: string;
  readonly session: string;
  readonly process: Process;
  readonly rate: GrantedFleetRate;
  callsPerSecond = 0;
  /** Of the calls, those that have a limit of their own. */
  photos = 0.3;
  readonly #world: Surroundings;
  readonly #stop = new AbortController();
  #limits: FleetRateLimits | undefined;
  #limited: ReadonlyMap<string, number> = new Map();
  #granted: {
    readonly term: number;
    readonly seq: number;
    readonly caps: ReadonlyMap<string, number>;
  } = {
    term: 0,
    seq: 0,
    caps: new Map(),
  };
  #hurries = false;
  #underWay = 0;
  #lastSeq = 0;
  /** Who granted something last. */
  #last: KnownReplica | undefined;

  constructor(world: Surroundings, shard: number, pod: string) {
    this.#world = world;
    this.shard = shard;
    this.pod = pod;
    this.name = `shard-${shard}`;
    this.session = `session-${world.loop.nowMs}-${shard}`;
    this.process = new Process(world.loop, world.rate('shard'));
    const { clock } = this.process;
    const { windowMs = world.options.timings.windowMs } = world.sabotage;
    this.rate = new GrantedFleetRate({ clock, windowMs });
    this.#heed(world.limits);
    this.rate.onHurry(() => {
      if (this.#hurries) return;
      this.#hurries = true;
      clock.setTimer(COALESCE_MS, () => {
        this.#hurries = false;
        if (this.#underWay < 2) this.#ask();
      });
    });
    clock.setTimer(20 * world.random(), () => this.#ask());
    this.#nextCall();
  }

  /** What the shard goes by is part of so much; of everything, where it knows of no limit. */
  capOf(resource: string): number {
    if (!this.#limited.has(resource)) return Number.POSITIVE_INFINITY;
    return this.#granted.caps.get(resource) ?? 0;
  }

  kill(): void {
    this.process.kill();
    this.#stop.abort();
    this.#world.telegram.noteCaps();
  }

  /** So many calls at once, as soon as the process runs. */
  burst(calls: number): void {
    this.process.run(() => {
      for (let call = 0; call < calls; call++) this.#call();
    });
  }

  #ask(): void {
    const { process, name } = this;
    const { clock } = process;
    const replica = this.#world.route(this.#last);
    const seq = ++this.#lastSeq;
    const sentMs = clock.monotonicMs();
    const { onDemand = (demand: Demand) => demand } = this.#world.sabotage;
    const wanted = this.rate.demand();
    const demand = wanted && onDemand(wanted);
    let isOver = false;
    this.#underWay++;
    const over = (pauseMs: number): void => {
      if (isOver) return;
      isOver = true;
      this.#underWay--;
      timer.cancel();
      if (this.#underWay === 0) clock.setTimer(pauseMs, () => this.#underWay === 0 && this.#ask());
    };
    const timer = clock.setTimer(GIVE_UP_MS, () => over(200));
    if (!replica) return;
    this.#world.send(name, replica.name, () =>
      replica.process.run(() =>
        replica.sync({
          id: { shard: this.shard, session: this.session, pod: this.pod },
          seq,
          demand,
          answer: (grant) => {
            const { limits } = this.#world;
            this.#world.send(replica.name, name, () =>
              process.run(() => {
                this.#last = grant && replica;
                if (grant) this.#take(grant, { limits, sentMs });
                over(grant ? PAUSE_MS : 200);
              }),
            );
          },
        }),
      ),
    );
  }

  #take(
    grant: Grant,
    { limits, sentMs }: { readonly limits: FleetRateLimits; readonly sentMs: number },
  ): void {
    const { term, seq } = grant.id;
    const before = this.#granted;
    if (term > before.term || (term === before.term && seq > before.seq)) {
      this.#granted = { term, seq, caps: capsOf(limits) };
      this.#heed(limits);
    }
    const taken = { grant, sentMs, nowMs: this.process.clock.monotonicMs() };
    const heard = this.#world.sabotage.onGrant?.(taken) ?? taken;
    this.rate.grant(heard.grant, heard.sentMs);
  }

  #heed(limits: FleetRateLimits): void {
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.rate.apply(limits);
      this.#limited = capsOf(limits);
    }
    this.#world.telegram.noteCaps();
  }

  #nextCall(): void {
    const { loop, random } = this.#world;
    const gapMs =
      this.callsPerSecond > 0 ? -Math.log(1 - random()) * (1_000 / this.callsPerSecond) : 50;
    loop.after(gapMs, () => {
      if (!this.process.isAlive) return;
      if (this.callsPerSecond > 0) this.process.run(() => this.#call());
      this.#nextCall();
    });
  }

  #call(): void {
    const method = this.#world.random() < this.photos ? 'sendPhoto' : 'sendMessage';
    const deadlineMs = this.process.clock.monotonicMs() + PATIENCE_MS;
    const turn = this.rate.acquire({ method, priority: 'reply', deadlineMs }, this.#stop.signal);
    if (turn instanceof Promise) {
      turn.then(
        (turn) => this.#make(method, turn),
        () => undefined,
      );
    } else this.#make(method, turn);
  }

  #make(method: string, turn: FleetTurn | undefined): void {
    const { loop, random, options, telegram } = this.#world;
    const isSlow = random() < 0.01;
    const flightMs = isSlow ? options.slowestFlightMs * random() : 3 + 12 * random();
    const resources = telegram.capped([TOTAL, resourceOfMethod(method)]);
    loop.after(flightMs, () => telegram.arrive(resources));
    loop.after(flightMs + 3 + 12 * random(), () => this.process.run(() => turn?.end()));
  }
}
