import fc from 'fast-check';
import type {
  FleetPlan,
  PlannedBot,
  PlannedFleet,
  ShardState,
} from '../../src/planner/fleet-state.ts';
import { plan } from '../../src/planner/plan.ts';
import type { Sharding } from '../../src/planner/size.ts';

/** One fleet and its bots, where moves take no time. */
export interface World {
  readonly sharding: Sharding;
  readonly shards: number;
  readonly states: readonly ShardState[];
  readonly bots: readonly PlannedBot[];
}

export const FLEET = 'default';

/** A bot on the shard, or on none. The lower the number the older. */
export function bot(number: number, ordinal?: number, weight = 1): PlannedBot {
  return {
    uid: `uid-${number}`,
    weight,
    createdAt: `2026-01-01T00:00:${String(number).padStart(4, '0')}Z`,
    fleet: FLEET,
    place: ordinal === undefined ? undefined : { fleet: FLEET, ordinal },
    target: undefined,
  };
}

/** The places that are taken: where bots are, and where they are going. */
export function takenIn(name: string, bots: readonly PlannedBot[]): Map<number, number> {
  const taken = new Map<number, number>();
  for (const { place, target } of bots) {
    const ordinals = [place, target]
      .filter((at) => at !== undefined && at !== 'nowhere')
      .flatMap(({ fleet, ordinal }) => (fleet === name ? [ordinal] : []));
    for (const at of new Set(ordinals)) taken.set(at, (taken.get(at) ?? 0) + 1);
  }
  return taken;
}

export function fleetOf(world: World, change: Partial<PlannedFleet> = {}): PlannedFleet {
  return {
    name: FLEET,
    sharding: world.sharding,
    shards: world.shards,
    taken: takenIn(FLEET, world.bots),
    stateOf: (ordinal) => world.states[ordinal] ?? 'ready',
    balance: true,
    budget: Infinity,
    ...change,
  };
}

export function planOf(world: World, change: Partial<PlannedFleet> = {}): FleetPlan {
  return plan([fleetOf(world, change)], world.bots).get(FLEET) as FleetPlan;
}

/** The world once all that the plan says has happened. */
export function after(world: World, { shards, moves, places, cancelled }: FleetPlan): World {
  const to = new Map<string, number | undefined>([
    ...moves.map(({ uid, to }) => [uid, to === 'nowhere' ? undefined : to] as const),
    ...places.map(({ uid, ordinal }) => [uid, ordinal] as const),
  ]);
  const bots = world.bots.map((each) => {
    if (!to.has(each.uid)) return cancelled.includes(each.uid) ? settled(each) : each;
    const ordinal = to.get(each.uid);
    const place = ordinal === undefined ? undefined : { fleet: FLEET, ordinal };
    return { ...each, place, target: undefined };
  });
  // Moves that had begun before come to their end too.
  return { ...world, shards, bots: bots.map(arrived) };
}

function settled(each: PlannedBot): PlannedBot {
  return { ...each, target: undefined };
}

function arrived(each: PlannedBot): PlannedBot {
  const { target } = each;
  if (target === undefined) return each;
  return { ...each, place: target === 'nowhere' ? undefined : target, target: undefined };
}

/** Plans and carries out until there is nothing more to do. */
export function settle(world: World, most = 20): { readonly world: World; readonly moves: number } {
  let moves = 0;
  let now = world;
  for (let round = 0; round < most; round++) {
    const next = planOf(now);
    if (isEmpty(next) && next.shards === now.shards) return { world: now, moves };
    moves += next.moves.length;
    now = after(now, next);
  }
  throw new Error(
    `after ${most} plans there is still something to do: ${JSON.stringify(planOf(now))}`,
  );
}

export function isEmpty({ moves, places, cancelled, pending }: FleetPlan): boolean {
  return moves.length + places.length + cancelled.length + pending === 0;
}

/** By ordinal: how many bots, and what they weigh together. */
export function loads({ bots, shards }: World): { readonly bots: number; readonly load: number }[] {
  return Array.from({ length: shards }, (_, at) => {
    const here = bots.filter(({ place }) => place?.ordinal === at);
    return { bots: here.length, load: here.reduce((sum, { weight }) => sum + weight, 0) };
  });
}

/** Sharding with at most 5 shards. */
export const shardings: fc.Arbitrary<Sharding> = fc
  .record({
    botsPerShard: fc.integer({ min: 1, max: 6 }),
    minShards: fc.integer({ min: 1, max: 3 }),
    more: fc.nat(2),
  })
  .map(({ botsPerShard, minShards, more }) => ({
    botsPerShard,
    minShards,
    maxShards: minShards + more,
  }));

/** Any fleet: shards in any state, bots anywhere, on their way, without a place. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    sharding: shardings,
    shards: fc.nat(6),
    states: fc.array(fc.constantFrom<ShardState>('ready', 'ready', 'ready', 'away', 'lost'), {
      maxLength: 6,
    }),
    bots: fc.array(
      fc.record({
        at: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
        to: fc.option(fc.nat(5), { nil: undefined, freq: 1 }),
        weight: fc.constantFrom(1, 1, 2, 5),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ sharding, shards, states, bots }) => ({
    sharding,
    shards,
    states,
    bots: bots.map(({ at, to, weight }, number) => travelling(bot(number, at, weight), to)),
  }));

function travelling(each: PlannedBot, to: number | undefined): PlannedBot {
  if (!each.place || to === undefined) return each;
  return { ...each, target: { fleet: FLEET, ordinal: to } };
}

/** A fleet of ready shards and bots of one weight, with room for all of them, that has settled. */
export const settledWorlds: fc.Arbitrary<World> = fc
  .record({
    botsPerShard: fc.integer({ min: 5, max: 60 }),
    shards: fc.integer({ min: 2, max: 8 }),
    share: fc.double({ min: 0, max: 0.8, noNaN: true }),
    places: fc.array(fc.nat(7), { minLength: 500, maxLength: 500 }),
  })
  .map(({ botsPerShard, shards, share, places }) => {
    const count = Math.floor(botsPerShard * shards * share);
    const sharding = { botsPerShard, minShards: shards, maxShards: shards };
    const bots = places.slice(0, count).map((_, number) => bot(number));
    return settle({ sharding, shards, states: [], bots }).world;
  });
