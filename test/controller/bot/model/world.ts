import type { Placement } from '../../../../src/api/tenant-bot-status.ts';
import { type ShardId, shardName } from '../../../../src/control/shard-id.ts';
import type { PodState } from '../../../../src/controller/bot/ownership.ts';
import type { Random } from '../../../../src/lib/random.ts';
import { Judge } from './judge.ts';
import { LeaderProcess, type LeaderWorld, type WriteFate } from './leader-process.ts';
import type { ModelBot } from './model-bot.ts';
import { RuntimeProcess, type RuntimeWorld, type SentRequest } from './runtime-process.ts';
import { SkewedClock } from './skewed-clock.ts';
import type { StoredModelBot } from './stored.ts';
import { Telegram } from './telegram.ts';

/** The elector is judged elsewhere: here a leader ends, and another begins, as it promises. */
const RENEW_DEADLINE_MS = 4_000;
const LEASE_MS = 6_000;

/** The pod of a shard, and the process in it. */
export interface ModelShard {
  readonly id: ShardId;
  podUid: string;
  ready: boolean;
  /** No pod, or no process in it, before this time. */
  downUntilMs: number;
  podExists: boolean;
  process: RuntimeProcess | undefined;
}

interface Arrival {
  readonly atMs: number;
  readonly act: () => Promise<void> | void;
}

/** A leader, shards, the network and Telegram; every choice is by `random`. */
export class World implements LeaderWorld, RuntimeWorld {
  readonly time = { nowMs: 1_000_000 };
  readonly telegram = new Telegram();
  readonly fleets = ['f0', 'f1'] as const;
  readonly stored = new Map<string, StoredModelBot>();
  readonly shards: ModelShard[];
  /** All runtimes that were ever started, the dead ones aside. */
  readonly processes = new Set<RuntimeProcess>();
  leader: LeaderProcess | undefined;
  /** While on, things go wrong. */
  faulty = true;
  readonly judge = new Judge(this);
  readonly #random: Random;
  #arrivals: Arrival[] = [];
  #leaseMs = Number.NEGATIVE_INFINITY;
  #ledSinceMs = 0;
  #names = 0;
  /** Bots that have ended for good with their process. */
  #departed: ModelBot[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.shards = this.fleets.flatMap((fleet) =>
      [0, 1].map((ordinal) => ({
        id: { fleet, ordinal },
        podUid: this.name('pod'),
        ready: false,
        downUntilMs: 0,
        podExists: true,
        process: undefined,
      })),
    );
    for (const uid of ['a', 'b']) {
      this.stored.set(uid, { uid, version: 1, wanted: true, fleet: 'f0', placement: undefined });
    }
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  upTo(most: number): number {
    return this.#random() * most;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }

  name(of: string): string {
    return `${of}-${++this.#names}-of-model`;
  }

  clock(): SkewedClock {
    return new SkewedClock(this.time, 0.8 + this.upTo(0.4));
  }

  podState({ fleet, ordinal }: ShardId): PodState {
    const shard = this.shards.find(({ id }) => id.fleet === fleet && id.ordinal === ordinal);
    if (!shard?.podExists) return 'absent';
    return shard.ready ? 'ready' : 'unready';
  }

  get ledForMs(): number {
    return this.time.nowMs - this.#ledSinceMs;
  }

  isKnown(process: RuntimeProcess): boolean {
    return this.shards.some((shard) => shard.process === process);
  }

  launched(bot: ModelBot): void {
    this.judge.launched(bot);
  }

  /** Time goes on, and everybody does what is due. */
  async tick(): Promise<void> {
    this.time.nowMs += 100 + this.upTo(900);
    this.#elect();
    if (this.leader?.alive && !this.leader.paused) this.leader.tick();
    for (const shard of this.shards) this.#tend(shard);
    for (const process of this.processes) this.#run(process);
    await this.#arrive();
  }

  /** A user writes. */
  say(uid: string): void {
    this.judge.said(uid, this.telegram.say(uid));
  }

  /** What becomes of a write of a leader. */
  write(
    leader: LeaderProcess,
    stored: StoredModelBot,
    placement: Placement | undefined,
  ): WriteFate {
    if (!leader.apiUp) return 'failed';
    const { version } = stored;
    const apply = (): void => {
      if (stored.version !== version) return;
      this.judge.checkEpoch(stored, placement);
      stored.version++;
      if (placement?.epoch !== stored.placement?.epoch) this.judge.excuseAll(stored.uid);
      stored.placement = placement;
      if (this.leader !== leader) this.leader?.noticed(stored.uid);
    };
    if (this.faulty && this.chance(0.04)) {
      leader.alive = false;
      // Stopped at the worst moment: what it had begun is done when others have moved on.
      if (this.chance(0.5)) this.#later(this.upTo(20_000), apply);
      return 'lost';
    }
    this.judge.checkFree(stored, placement);
    apply();
    if (this.faulty && this.chance(0.04)) leader.alive = false;
    return 'written';
  }

  /** The process dies at once. */
  kill(process: RuntimeProcess): void {
    for (const bot of [...process.bots.values(), ...process.untold]) {
      this.judge.excuse(bot);
      this.telegram.hangUp(bot.uid, bot);
    }
    process.alive = false;
    this.processes.delete(process);
    this.judge.counts.crashes++;
  }

  #elect(): void {
    const { leader, time } = this;
    if (leader?.alive && !leader.paused && leader.apiUp) {
      leader.renewedMs = time.nowMs;
      this.#leaseMs = time.nowMs;
    }
    if (leader && !(leader.alive && time.nowMs - leader.renewedMs < RENEW_DEADLINE_MS)) {
      this.#depose(leader);
    }
    if (this.leader || time.nowMs - this.#leaseMs < LEASE_MS) return;
    this.#ledSinceMs = time.nowMs;
    this.leader = new LeaderProcess(this, this.clock(), this.name('leader'));
    this.#leaseMs = time.nowMs;
  }

  #depose(leader: LeaderProcess): void {
    leader.alive = false;
    leader.hub.close();
    this.leader = undefined;
    // It alone may know where those have ended that rest, or whose processes are gone.
    for (const { untold } of this.processes) for (const bot of untold) this.judge.excuse(bot);
    for (const bot of this.#departed) this.judge.excuse(bot);
    this.#departed = [];
  }

  #tend(shard: ModelShard): void {
    const { process } = shard;
    if (process && !process.alive) shard.process = undefined;
    if (shard.process || shard.downUntilMs > this.time.nowMs) return;
    shard.podExists = true;
    shard.ready = true;
    const { id, podUid } = shard;
    const caller = { shard: id, pod: shardName(id), podUid };
    shard.process = new RuntimeProcess(this, caller, this.clock(), this.name('session'));
    this.processes.add(shard.process);
  }

  #run(process: RuntimeProcess): void {
    process.tick();
    if (process.ending && process.bots.size === 0 && (process.isTold || this.chance(0.2))) {
      if (!process.isTold) for (const bot of process.untold) this.judge.excuse(bot);
      this.#departed.push(...process.untold);
      process.alive = false;
      this.processes.delete(process);
      return;
    }
    if (process.inFlight < 2 && this.chance(0.8)) this.#send(process);
  }

  #send(process: RuntimeProcess): void {
    const sent = process.compose();
    const isLost = !process.leaderUp || (this.faulty && this.chance(0.1));
    if (isLost) {
      this.#later(this.upTo(3_000), () => void process.inFlight--);
      return;
    }
    this.#later(this.#delay(), () => this.#receive(sent));
  }

  /** A request has reached the leader, if there is one. */
  async #receive(sent: SentRequest): Promise<void> {
    const { from } = sent;
    const { leader } = this;
    const outcome =
      leader?.alive && !leader.paused
        ? await this.#serve(leader, sent)
        : ({ kind: 'none' } as const);
    const isLost = !from.leaderUp || (this.faulty && this.chance(0.1));
    this.#later(this.#delay(), () => {
      from.inFlight--;
      if (!isLost && outcome.kind !== 'none') from.take(sent, outcome);
    });
  }

  async #serve(leader: LeaderProcess, { from, request }: SentRequest) {
    const { caller } = from;
    const shard = this.shards.find(({ id }) => id === caller.shard);
    if (!shard?.podExists || shard.podUid !== caller.podUid) return { kind: 'refused' } as const;
    // Nothing is held: whoever has news to hear of asks soon again.
    return leader.hub.sync(caller, request, AbortSignal.abort());
  }

  #delay(): number {
    return this.faulty && this.chance(0.1) ? this.upTo(20_000) : this.upTo(300);
  }

  #later(delayMs: number, act: Arrival['act']): void {
    this.#arrivals.push({ atMs: this.time.nowMs + delayMs, act });
  }

  async #arrive(): Promise<void> {
    const due = this.#arrivals.filter(({ atMs }) => atMs <= this.time.nowMs);
    this.#arrivals = this.#arrivals.filter(({ atMs }) => atMs > this.time.nowMs);
    for (const { act } of due.toSorted((one, other) => one.atMs - other.atMs)) await act();
  }
}
