import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { ShardId } from '../../control/shard-id.ts';
import type { Clock } from '../../lib/clock.ts';
import { Calm } from '../../planner/calm.ts';
import type { FleetPlan, PlannedFleet, ShardState } from '../../planner/fleet-state.ts';
import { MoveBudget } from '../../planner/move-budget.ts';
import { plan } from '../../planner/plan.ts';
import type { Seats } from './seats.ts';

/** While moves are due, the budget fills. */
const PENDING_MS = 1_000;
const CALM_MS = 5_000;

/** A bot that is to run. */
export interface Sitter {
  readonly uid: string;
  readonly fleet: string;
  readonly botId: number;
  readonly weight: number;
  /** RFC 3339 in UTC. */
  readonly createdAt: string;
  /** Where it had its last place, if it ever had one. */
  readonly last: Placement | undefined;
}

/** A fleet that bots may be seated in. */
export interface SeatingFleet {
  readonly sharding: BotFleetSpec['sharding'];
  readonly stateOf: (ordinal: number) => ShardState;
}

/** What is remembered of a fleet. */
interface Memory {
  readonly budget: MoveBudget;
  readonly calm: Calm;
  members: ReadonlySet<string>;
}

/** How bots were seated. */
export interface Seated {
  /** By uid; without those that move, and those for which there is no room yet. */
  readonly placements: ReadonlyMap<string, Placement>;
  /** When to seat them again, though nothing changes. */
  readonly againMs: number | undefined;
}

/**
 * Seats bots on the shards of their fleets as the planner says: where they sat before, as far as
 * that goes. While none of a fleet's bots runs, those that have to sit elsewhere do so at once.
 */
export class SeatingPlan {
  readonly #seats: Seats;
  readonly #shards: number;
  readonly #clock: Clock;
  readonly #memories = new Map<string, Memory>();

  /** `shards`: how many each fleet has. */
  constructor(seats: Seats, shards: number, clock: Clock) {
    this.#seats = seats;
    this.#shards = shards;
    this.#clock = clock;
  }

  /** Seats `sitters` and nobody else. */
  seat(sitters: readonly Sitter[], fleets: ReadonlyMap<string, SeatingFleet>): Seated {
    const seats = this.#seats;
    this.#dismiss(sitters);
    const taken = this.#taken(fleets.keys());
    const places = this.#lastPlaces(sitters, fleets, taken);
    const described = Array.from(fleets, ([name, fleet]) => {
      const members = sitters.filter((sitter) => sitter.fleet === name);
      return this.#describe(name, fleet, { members, taken: taken.get(name) ?? new Map() });
    });
    const plans = plan(
      described,
      sitters.map((sitter) => ({
        ...sitter,
        place: placeOf(seats.find(sitter.uid)?.placement) ?? places.get(sitter.uid),
        target: seats.target(sitter.uid),
      })),
    );
    for (const [fleet, made] of plans) this.#follow(fleet, made, places);
    return {
      placements: new Map(sitters.flatMap((sitter) => this.#take(sitter, places))),
      againMs: this.#againMs(plans),
    };
  }

  /** Withdraws all others, and forgets where they were on their way to. */
  #dismiss(sitters: readonly Sitter[]): void {
    const wanted = new Map(sitters.map(({ uid, fleet }) => [uid, fleet]));
    for (const { uid } of this.#seats.all()) if (!wanted.has(uid)) this.#seats.leave(uid);
    for (const [uid, { fleet }] of this.#seats.targets()) {
      if (wanted.get(uid) !== fleet) this.#seats.leave(uid);
    }
  }

  #taken(fleets: Iterable<string>): Map<string, Map<number, number>> {
    const taken = new Map(Array.from(fleets, (name) => [name, new Map<number, number>()]));
    const held = this.#seats.all().map(({ placement }) => shardOf(placement));
    for (const shard of [...held, ...this.#seats.targets().values()]) add(taken, shard);
    return taken;
  }

  /** The places that bots without one had last, as far as they are free; the older come first. */
  #lastPlaces(
    sitters: readonly Sitter[],
    fleets: ReadonlyMap<string, SeatingFleet>,
    taken: Map<string, Map<number, number>>,
  ): Map<string, ShardId> {
    const places = new Map<string, ShardId>();
    for (const { uid, fleet, last } of sitters.toSorted(byAge)) {
      if (this.#seats.has(uid) || this.#seats.target(uid)) continue;
      if (last?.fleet !== fleet || last.shard >= this.#shards) continue;
      const most = fleets.get(fleet)?.sharding.botsPerShard ?? 0;
      if ((taken.get(fleet)?.get(last.shard) ?? 0) >= most) continue;
      places.set(uid, shardOf(last));
      add(taken, shardOf(last));
    }
    return places;
  }

  #describe(
    name: string,
    { sharding, stateOf }: SeatingFleet,
    {
      members,
      taken,
    }: { readonly members: readonly Sitter[]; readonly taken: ReadonlyMap<number, number> },
  ): PlannedFleet {
    const shards = this.#shards;
    const { budget, calm } = this.#remember(name, members);
    const isAtRest = this.#isAtRest(name);
    return {
      name,
      sharding: { ...sharding, minShards: shards, maxShards: shards },
      shards,
      taken,
      stateOf: isAtRest ? () => 'ready' : stateOf,
      balance: isAtRest || calm.holds,
      budget: isAtRest ? Infinity : budget.available(sharding.movesPerMinute),
    };
  }

  #isAtRest(fleet: string): boolean {
    return this.#seats.all().every((seat) => seat.fleet !== fleet);
  }

  #remember(fleet: string, sitters: readonly Sitter[]): Memory {
    const known = this.#memories.get(fleet) ?? {
      budget: new MoveBudget(this.#clock),
      calm: new Calm(this.#clock),
      members: new Set(),
    };
    this.#memories.set(fleet, known);
    const members = new Set(sitters.map(({ uid }) => uid));
    if (members.symmetricDifference(known.members).size > 0) known.calm.changed();
    known.members = members;
    return known;
  }

  #follow(fleet: string, { places: found, moves }: FleetPlan, places: Map<string, ShardId>): void {
    for (const { uid, ordinal } of found) places.set(uid, { fleet, ordinal });
    let begun = 0;
    for (const { uid, to } of moves) {
      // Nobody is turned out: who may run has been decided.
      if (to === 'nowhere') continue;
      const shard = { fleet, ordinal: to };
      if (this.#seats.has(uid)) {
        this.#seats.leave(uid, shard);
        begun++;
      } else places.set(uid, shard);
    }
    this.#memories.get(fleet)?.budget.spend(begun);
  }

  #take(
    { uid, botId, last }: Sitter,
    places: ReadonlyMap<string, ShardId>,
  ): [uid: string, placement: Placement][] {
    const held = this.#seats.find(uid);
    const target = this.#seats.target(uid);
    if (held && target) return [];
    const shard = placeOf(held?.placement) ?? target ?? places.get(uid);
    return shard ? [[uid, this.#seats.take({ uid, shard, botId, last })]] : [];
  }

  #againMs(plans: ReadonlyMap<string, FleetPlan>): number | undefined {
    if ([...plans.values()].some(({ pending }) => pending > 0)) return PENDING_MS;
    const restless = [...plans.keys()].some((name) => !this.#memories.get(name)?.calm.holds);
    return restless && this.#shards > 1 ? CALM_MS : undefined;
  }
}

function shardOf({ fleet, shard }: Placement): ShardId {
  return { fleet, ordinal: shard };
}

function placeOf(placement: Placement | undefined): ShardId | undefined {
  return placement && shardOf(placement);
}

function add(taken: Map<string, Map<number, number>>, { fleet, ordinal }: ShardId): void {
  const shards = taken.get(fleet);
  shards?.set(ordinal, (shards.get(ordinal) ?? 0) + 1);
}

function byAge(a: Sitter, b: Sitter): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.uid < b.uid ? -1 : 1;
}
