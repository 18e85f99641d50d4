import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { ShardState } from '../../planner/fleet-state.ts';
import type { FleetHost, Hosts, SeatedBot } from './fleet-host.ts';
import type { ShardFacts } from './status-board.ts';

/** What is to run of a fleet. */
export interface WantedFleet {
  readonly spec: BotFleetSpec;
  readonly bots: readonly SeatedBot[];
}

/** The hosts of all fleets that have bots, or had some since they are there. */
export class FleetHosts {
  readonly #hosts: Hosts;
  readonly #open = new Map<string, FleetHost>();
  /** Of fleets that are gone: they end when their bots have drained. */
  readonly #left: Promise<void>[] = [];

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  /** How many shards each fleet has. */
  get shards(): number {
    return this.#hosts.shards;
  }

  /** These are the fleets, and this is what is to run of them. */
  assign(fleets: ReadonlyMap<string, WantedFleet>): void {
    for (const [name, { spec, bots }] of fleets) {
      const host = this.#open.get(name) ?? (bots.length > 0 && this.#hosts.open(name));
      if (!host) continue;
      this.#open.set(name, host);
      host.assign(spec, bots);
    }
    for (const [name, host] of this.#open) {
      if (fleets.has(name)) continue;
      this.#open.delete(name);
      this.#left.push(host.stop());
    }
  }

  /** What can be done with a shard. A fleet that never had bots has nothing to start. */
  stateOf(fleet: string, ordinal: number): ShardState {
    return this.#open.get(fleet)?.stateOf(ordinal) ?? 'ready';
  }

  /** What is known of the shards of a fleet. */
  factsOf(fleet: string): ShardFacts {
    const ordinals = Array.from({ length: this.shards }, (_, ordinal) => ordinal);
    const ready = ordinals.map((ordinal) => this.stateOf(fleet, ordinal) === 'ready');
    return { ready, rates: this.#open.get(fleet)?.rates };
  }

  /** Ends all bots; resolves when nothing runs them any more. */
  async stop(): Promise<void> {
    const open = Array.from(this.#open.values(), (host) => host.stop());
    await Promise.all([...open, ...this.#left]);
  }
}
