import type { ShardId } from '../control/shard-id.ts';
import { balance } from './balance.ts';
import {
  byAge,
  type FleetPlan,
  type Move,
  type MoveReason,
  type PlannedBot,
  type PlannedFleet,
} from './fleet-state.ts';
import { freePlaces, lightest, settle, take, type WorkingShard } from './shard-loads.ts';
import { fleetSize } from './size.ts';

/**
 * What is to happen to each fleet, by its name: a pure function, and the same for the same fleets
 * and bots in whatever order. It sticks to what is: a bot moves only where its shard is lost, is
 * being emptied or has more than it may, or where shards bear too unequal weight. Once all that it
 * says has happened, it has nothing more to say.
 *
 * A move needs a free place where it goes, so that whatever part of it has happened, and in
 * whatever order, no shard has more bots than it may.
 */
export function plan(
  fleets: readonly PlannedFleet[],
  bots: readonly PlannedBot[],
): ReadonlyMap<string, FleetPlan> {
  const members = new Map<string, PlannedBot[]>(fleets.map(({ name }) => [name, []]));
  const strangers = new Map<string, number>();
  for (const bot of bots) {
    const { fleet, place } = bot;
    if (fleet !== undefined) members.get(fleet)?.push(bot);
    if (place && place.fleet !== fleet) {
      strangers.set(place.fleet, (strangers.get(place.fleet) ?? 0) + 1);
    }
  }
  return new Map(
    fleets.map((fleet) => {
      const { name } = fleet;
      const own = (members.get(name) ?? []).toSorted(byAge);
      return [name, new FleetPlanner(fleet, own, strangers.get(name) ?? 0).plan()];
    }),
  );
}

/** A bot and the shard that hosts it. */
interface Hosted {
  readonly bot: PlannedBot;
  readonly from: WorkingShard;
}

/** Makes the plan for one fleet, in the order of its steps. */
class FleetPlanner {
  readonly #fleet: PlannedFleet;
  readonly #members: readonly PlannedBot[];
  readonly #size;
  readonly #shards: readonly WorkingShard[];
  readonly #usable: readonly WorkingShard[];
  /** Those that bots may be moved to, and from for the sake of balance. */
  readonly #ready: readonly WorkingShard[];
  /** Oldest first, as is every list of bots here. */
  readonly #hosted: Hosted[] = [];
  readonly #moving: PlannedBot[] = [];
  readonly #newcomers: PlannedBot[] = [];
  readonly #cancelled: string[] = [];

  /** `members` oldest first; `strangers` are bots of other fleets, or none, that have not left. */
  constructor(fleet: PlannedFleet, members: readonly PlannedBot[], strangers: number) {
    this.#fleet = fleet;
    this.#members = members;
    const { sharding, shards, taken, stateOf } = fleet;
    const highestTaken = Math.max(-1, ...[...taken].map(([at, count]) => (count > 0 ? at : -1)));
    const possible = Math.max(shards, highestTaken + 1, sharding.maxShards);
    const ordinals = Array.from({ length: possible }, (_, ordinal) => ordinal);
    const lost = new Set(ordinals.filter((ordinal) => stateOf(ordinal) === 'lost'));
    const bots = members.length + strangers;
    this.#size = fleetSize({ sharding, bots, shards, lost, highestTaken });
    const { wanted } = this.#size;
    this.#shards = Array.from({ length: this.#size.shards }, (_, ordinal) => ({
      ordinal,
      state: stateOf(ordinal),
      usable: ordinal < wanted && !lost.has(ordinal),
      botsPerShard: sharding.botsPerShard,
      taken: taken.get(ordinal) ?? 0,
      load: 0,
      staying: 0,
      bots: [],
    }));
    this.#usable = this.#shards.filter(({ usable }) => usable);
    this.#ready = this.#usable.filter(({ state }) => state === 'ready');
  }

  plan(): FleetPlan {
    for (const bot of this.#members) this.#file(bot);
    const evicted = this.#evict();
    const { moved, waiting } = this.#rehouse(this.#settle());
    const { places, unplaced } = this.#house(waiting);
    const balancing = waiting === 0 && this.#fleet.balance ? this.#balance() : [];
    const ofLost = moved.filter(isOfLost);
    const dear = [...evicted, ...moved.filter((move) => !isOfLost(move)), ...balancing];
    const moves = [...ofLost, ...dear.slice(0, this.#fleet.budget)];
    const pending = ofLost.length + dear.length - moves.length + waiting;
    return { ...this.#size, places, moves, pending, cancelled: this.#cancelled, unplaced };
  }

  /** Finds out where the bot is. */
  #file(bot: PlannedBot): void {
    const { target } = bot;
    if (target === 'nowhere') return;
    const goal = this.#find(target);
    if (goal?.usable) {
      settle(goal, bot);
      this.#moving.push(bot);
      return;
    }
    if (target) this.#cancelled.push(bot.uid);
    const from = this.#find(bot.place);
    if (from) this.#hosted.push({ bot, from });
    else this.#newcomers.push(bot);
  }

  #find(shard: ShardId | undefined): WorkingShard | undefined {
    return shard?.fleet === this.#fleet.name ? this.#shards[shard.ordinal] : undefined;
  }

  /**
   * Where more bots run than fit, the youngest of all have to wait: so who runs does not hang on
   * which shard comes to be emptied.
   */
  #evict(): Move[] {
    const running = this.#hosted.filter(({ from }) => from.state !== 'lost');
    const room = this.#usable.length * this.#fleet.sharding.botsPerShard;
    const excess = this.#moving.length + running.length - room;
    if (excess <= 0) return [];
    const leaving = new Set(running.slice(-excess));
    const staying = this.#hosted.filter((hosted) => !leaving.has(hosted));
    this.#hosted.splice(0, Infinity, ...staying);
    return Array.from(leaving, ({ bot, from }) => ({
      uid: bot.uid,
      from: from.ordinal,
      to: 'nowhere',
      reason: 'overfull',
    }));
  }

  /** Leaves bots where they are; returns those that can't stay. */
  #settle(): Hosted[] {
    const { botsPerShard } = this.#fleet.sharding;
    return this.#hosted.filter(({ bot, from }) => {
      if (!from.usable || from.staying >= botsPerShard) return true;
      settle(from, bot);
      from.bots.push(bot);
      return false;
    });
  }

  /** Finds shards for those that can't stay: bots that do not run first, then the highest shard. */
  #rehouse(displaced: readonly Hosted[]): {
    readonly moved: readonly Move[];
    readonly waiting: number;
  } {
    const { length } = this.#shards;
    const rank = ({ state, ordinal }: WorkingShard): number =>
      state === 'lost' ? -1 : length - ordinal;
    const moved: Move[] = [];
    let waiting = 0;
    for (const { bot, from } of displaced.toSorted((a, b) => rank(a.from) - rank(b.from))) {
      const to = lightest(this.#ready);
      if (!to) {
        waiting++;
        continue;
      }
      take(to, bot);
      moved.push({ uid: bot.uid, from: from.ordinal, to: to.ordinal, reason: reasonFor(from) });
    }
    return { moved, waiting };
  }

  /** Finds places for those without, but none that `others` need. */
  #house(others: number): Pick<FleetPlan, 'places' | 'unplaced'> {
    const places: { uid: string; ordinal: number }[] = [];
    const unplaced: string[] = [];
    let free = freePlaces(this.#usable) - others;
    for (const bot of this.#newcomers) {
      const shard = free > 0 ? lightest(this.#usable) : undefined;
      if (!shard) {
        unplaced.push(bot.uid);
        continue;
      }
      free--;
      take(shard, bot);
      places.push({ uid: bot.uid, ordinal: shard.ordinal });
    }
    return { places, unplaced };
  }

  #balance(): Move[] {
    const load = this.#usable.reduce((sum, shard) => sum + shard.load, 0);
    const tolerated = Math.max(1, Math.floor(load / this.#usable.length / 10));
    return balance(this.#ready, tolerated);
  }
}

function reasonFor({ state, usable }: WorkingShard): MoveReason {
  if (state === 'lost') return 'lost';
  return usable ? 'overfull' : 'drain';
}

function isOfLost({ reason }: Move): boolean {
  return reason === 'lost';
}
