import { isDeepStrictEqual } from 'node:util';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import type { EndedBot } from '../../control/port.ts';
import type { ShardId } from '../../control/shard-id.ts';
import type { Released } from '../../control/shard-ledger.ts';
import { Coordinator } from '../../coordinator/coordinator.ts';
import { ratesOf } from '../../coordinator/rates-of.ts';
import type { GrantStore } from '../../coordinator/table.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { ShardState } from '../../planner/fleet-state.ts';
import type { Log } from '../../telemetry/log.ts';
import type { FleetHost, HostListener, Hosts, SeatedBot } from '../reconcile/fleet-host.ts';
import type { ShardControl } from './shard-control.ts';
import { type RuntimeProgram, ShardProcess } from './shard-process.ts';

/** What {@link processHosts} work with. */
export interface ProcessHostsOptions {
  /** How many processes each fleet has. */
  readonly shards: number;
  readonly control: ShardControl;
  readonly program: RuntimeProgram;
  /** For files of the processes. */
  readonly folder: string;
  /** Where the table of a fleet's grants is kept. */
  readonly grants: (fleet: string) => GrantStore;
  /** Whether the data folder is this process's, at this very moment. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const LOOK_EVERY_MS = 1_000;
/** Rates are looked at so seldom: whoever reads them in a status does not care for seconds. */
const LOOKS_PER_RATES = 10;
/** A shard that was heard within this time is at work: it speaks every second. */
const HEARD_MS = 3_000;

/** Each fleet in as many processes as there are to be, of which each is a shard of it. */
export function processHosts(options: ProcessHostsOptions): (listener: HostListener) => Hosts {
  return (listener) => {
    const { hub } = options.control;
    const hosts = new Map<string, ProcessHost>();
    hub.onReport((_, report) => listener.onReport(report));
    hub.onEnded(({ fleet }, bot) => hosts.get(fleet)?.ended(bot));
    hub.onReleased((shard, bot) => hosts.get(shard.fleet)?.released(shard, bot));
    return {
      shards: options.shards,
      open(fleet) {
        // One of the same name may be on its way out.
        const before = hosts.get(fleet)?.done ?? Promise.resolve();
        const host = new ProcessHost(fleet, options, { listener, before });
        hosts.set(fleet, host);
        return host;
      },
    };
  };
}

/** Where a bot is to run, or was. */
interface Place {
  readonly ordinal: number;
  readonly epoch: number;
}

/** The processes of one fleet. */
class ProcessHost implements FleetHost {
  readonly #fleet: string;
  readonly #options: ProcessHostsOptions;
  readonly #listener: HostListener;
  readonly #coordinator: Coordinator;
  readonly #stop = new AbortController();
  /** Resolves when no process of the fleet runs any more. */
  readonly done: Promise<void>;
  readonly #loads = new Map<number, number>();
  #wanted: { readonly fleet: BotFleetSpec; readonly bots: readonly SeatedBot[] } | undefined;
  #isOpen = false;
  #placed: ReadonlyMap<string, Place> = new Map();
  readonly #leaving = new Map<string, Place>();
  /** How bots ended that were let go of, until they are released. */
  readonly #ends = new Map<string, EndedBot>();
  #rates: FleetRates | undefined;

  /** Nothing is done until `before` has resolved. */
  constructor(
    fleet: string,
    options: ProcessHostsOptions,
    { listener, before }: { readonly listener: HostListener; readonly before: Promise<void> },
  ) {
    this.#fleet = fleet;
    this.#options = options;
    this.#listener = listener;
    this.#coordinator = this.#coordinate();
    this.done = before.then(() => this.#run());
  }

  get rates(): FleetRates | undefined {
    return this.#rates;
  }

  assign(fleet: BotFleetSpec, bots: readonly SeatedBot[]): void {
    this.#wanted = { fleet, bots };
    if (this.#isOpen) this.#assign(fleet, bots);
  }

  #assign(fleet: BotFleetSpec, bots: readonly SeatedBot[]): void {
    const { control, shards } = this.#options;
    control.hub.setFleet(this.#fleet, { fleet, shards });
    this.#coordinator.setLimits(fleet.rateLimits);
    const placed = new Map(
      bots.map(({ ordinal, bot }) => [bot.uid, { ordinal, epoch: bot.epoch }]),
    );
    for (const [uid, place] of this.#placed) {
      if (placed.has(uid)) continue;
      this.#leaving.set(uid, place);
      control.hub.withdraw(this.#shard(place.ordinal), uid);
    }
    this.#loads.clear();
    for (const { ordinal, bot } of bots) {
      this.#leaving.delete(bot.uid);
      this.#ends.delete(bot.uid);
      control.hub.place(this.#shard(ordinal), bot);
      this.#loads.set(ordinal, (this.#loads.get(ordinal) ?? 0) + bot.spec.limits.weight);
    }
    this.#placed = placed;
    for (const shard of this.#shards()) control.hub.complete(shard);
  }

  stateOf(ordinal: number): ShardState {
    const { control, clock } = this.#options;
    const heardMs = control.hub.lastSeen(this.#shard(ordinal)) ?? Number.NEGATIVE_INFINITY;
    return clock.monotonicMs() - heardMs < HEARD_MS ? 'ready' : 'away';
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
    for (const uid of this.#leaving.keys()) this.#release(uid);
    for (const { bot } of this.#wanted?.bots ?? []) this.#listener.onReleased(bot);
  }

  /** A process has told how a bot ended, before that it hosts it no more. */
  ended(bot: EndedBot): void {
    if (this.#leaving.get(bot.uid)?.epoch === bot.epoch) this.#ends.set(bot.uid, bot);
  }

  /** A process hosts a bot no more that was withdrawn. */
  released({ ordinal }: ShardId, { uid, epoch }: Released): void {
    const place = this.#leaving.get(uid);
    if (place?.ordinal !== ordinal || (epoch ?? place.epoch) !== place.epoch) return;
    this.#release(uid);
  }

  #release(uid: string): void {
    const place = this.#leaving.get(uid);
    if (!place) return;
    const end = this.#ends.get(uid);
    this.#leaving.delete(uid);
    this.#ends.delete(uid);
    this.#listener.onReleased(end?.epoch === place.epoch ? end : { uid, epoch: place.epoch });
  }

  async #run(): Promise<void> {
    const { control } = this.#options;
    const over = new AbortController();
    control.hub.setGranter(this.#fleet, this.#coordinator);
    this.#isOpen = true;
    if (this.#wanted) this.#assign(this.#wanted.fleet, this.#wanted.bots);
    const beside = [this.#coordinator.start(over.signal), this.#look(over.signal)];
    const processes = this.#shards().map((shard) => {
      const onExit = (): void => this.#onExit(shard.ordinal);
      return new ShardProcess({ ...this.#options, shard, onExit }).start(this.#stop.signal);
    });
    await Promise.all(processes);
    over.abort();
    await Promise.all(beside);
    control.hub.setGranter(this.#fleet, undefined);
    for (const shard of this.#shards()) control.hub.forget(shard);
  }

  /** Nothing of the process runs any more: what it was to let go of may be run by others. */
  #onExit(ordinal: number): void {
    for (const [uid, place] of this.#leaving) if (place.ordinal === ordinal) this.#release(uid);
    if (this.#stop.signal.aborted) return;
    const down = [...this.#placed].filter(([, place]) => place.ordinal === ordinal);
    this.#listener.onDown(down.map(([uid]) => uid));
  }

  async #look(signal: AbortSignal): Promise<void> {
    let before: unknown;
    for (let looks = 0; !signal.aborted; looks++) {
      await sleep(this.#options.clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      if (looks % LOOKS_PER_RATES === 0) this.#rates = ratesOf(this.#coordinator.state());
      const now = [this.#shards().map(({ ordinal }) => this.stateOf(ordinal)), this.#rates];
      if (!isDeepStrictEqual(now, before)) this.#listener.onChange();
      before = now;
    }
  }

  #coordinate(): Coordinator {
    const { control, shards, grants, isLeader, clock, random, log } = this.#options;
    return new Coordinator({
      fleet: this.#fleet,
      instance: control.hub.instance,
      store: grants(this.#fleet),
      isLeader,
      // Whatever may hold what no table tells of is a process of an earlier run, and dead.
      shards: () => [],
      // Others are known to have ended when the next process of their shard speaks.
      isGone: ({ shard }) => shard >= shards,
      wake: (ordinal) => control.hub.wake(this.#shard(ordinal)),
      weightOf: (ordinal) => Math.max(1, this.#loads.get(ordinal) ?? 0),
      clock,
      random,
      log,
    });
  }

  #shards(): readonly ShardId[] {
    return Array.from({ length: this.#options.shards }, (_, ordinal) => this.#shard(ordinal));
  }

  #shard(ordinal: number): ShardId {
    return { fleet: this.#fleet, ordinal };
  }
}
