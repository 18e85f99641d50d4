import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedBot } from '../../src/planner/fleet-state.ts';
import { plan } from '../../src/planner/plan.ts';
import {
  after,
  bot,
  FLEET,
  fleetOf,
  isEmpty,
  loads,
  planOf,
  settle,
  settledWorlds,
  takenIn,
  type World,
  worlds,
} from './planned-world.ts';

describe('a plan', () => {
  it('never gives away more places than a shard has, while any part of it happens', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { moves, places, wanted } = planOf(world);
        const { botsPerShard } = world.sharding;
        const taken = takenIn(FLEET, world.bots);
        const before = new Map(taken);
        for (const to of [...moves.map(({ to }) => to), ...places.map(({ ordinal }) => ordinal)]) {
          if (to === 'nowhere') continue;
          // What the shard had before is taken still, whoever is about to leave.
          taken.set(to, (taken.get(to) ?? 0) + 1);
          expect(taken.get(to)).toBeLessThanOrEqual(Math.max(botsPerShard, before.get(to) ?? 0));
          expect(to).toBeLessThan(wanted);
          expect(world.states[to]).not.toBe('lost');
        }
        for (const { to } of moves) {
          if (to !== 'nowhere') expect(world.states[to] ?? 'ready').toBe('ready');
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('is carried out and there is nothing more to do, whatever the fleet was like', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { world: end } = settle({ ...world, states: [] });
        expect(isEmpty(planOf(end))).toBe(true);
        const { botsPerShard, maxShards } = end.sharding;
        for (const { bots } of loads(end)) expect(bots).toBeLessThanOrEqual(botsPerShard);
        const placed = end.bots.filter(({ place }) => place).length;
        expect(placed).toBe(Math.min(end.bots.length, botsPerShard * maxShards));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is carried out in parts as small as the budget allows, and ends all the same', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 3 }), (all, budget) => {
        let world: World = { ...all, states: [] };
        for (let round = 0; round < 100; round++) {
          const next = planOf(world, { budget });
          expect(next.moves.length).toBeLessThanOrEqual(budget);
          if (isEmpty(next) && next.shards === world.shards) break;
          world = after(world, next);
        }
        expect(isEmpty(planOf(world))).toBe(true);
      }),
    );
  });

  it('is the same in whatever order bots are looked at', () => {
    fc.assert(
      fc.property(worlds, fc.infiniteStream(fc.nat()), (world, ranks) => {
        const shuffled = world.bots
          .map((each) => ({ each, rank: ranks.next().value as number }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ each }) => each);
        const again = planOf({ ...world, bots: shuffled });
        const { cancelled, ...rest } = planOf(world);
        expect({ ...again, cancelled: again.cancelled.toSorted() }).toEqual({
          ...rest,
          cancelled: cancelled.toSorted(),
        });
      }),
    );
  });

  it('takes a pod away only where no bot has its place, the highest first', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { shards, wanted, moves } = planOf(world);
        const taken = takenIn(FLEET, world.bots);
        expect(shards).toBe(Math.max(wanted, ...Array.from(taken.keys(), (at) => at + 1)));
        const drained = moves.flatMap(({ from, reason }) => (reason === 'drain' ? [from] : []));
        expect(drained).toEqual(drained.toSorted((a, b) => b - a));
      }),
    );
  });

  it('has the youngest wait, and no more of them than there is no room for', () => {
    fc.assert(
      fc.property(worlds, (any) => {
        const bots = any.bots.map(({ uid, place }, age) => ({ ...bot(age), uid, place }));
        const world: World = { ...any, states: [], bots };
        const { moves, wanted } = planOf(world);
        const placed = bots.filter(({ place }) => place).map(({ uid }) => uid);
        const room = wanted * world.sharding.botsPerShard;
        const waiting = moves.flatMap(({ uid, to }) => (to === 'nowhere' ? [uid] : []));
        expect(waiting).toEqual(placed.slice(Math.min(room, placed.length)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('moves nobody when a pod is restarted', () => {
    fc.assert(
      fc.property(settledWorlds, fc.nat(7), (world, ordinal) => {
        const states = Array.from({ length: ordinal + 1 }, (_, at) =>
          at === ordinal ? ('away' as const) : ('ready' as const),
        );
        expect(planOf({ ...world, states })).toMatchObject({ moves: [], pending: 0 });
      }),
    );
  });

  it('moves a share of the bots, and not more, when a shard comes or goes', () => {
    fc.assert(
      fc.property(settledWorlds, (world) => {
        const { shards, sharding } = world;
        const share = (count: number): number => Math.ceil(world.bots.length / count);
        const more = { ...sharding, minShards: shards + 1, maxShards: shards + 1 };
        expect(settle({ ...world, sharding: more }).moves).toBeLessThanOrEqual(share(shards + 1));
        const slack = Math.max(1, Math.floor(world.bots.length / shards / 10));
        const fewer = { ...sharding, minShards: shards - 1, maxShards: shards - 1 };
        if (fewer.maxShards * sharding.botsPerShard < world.bots.length) return;
        expect(settle({ ...world, sharding: fewer }).moves).toBeLessThanOrEqual(
          share(shards) + slack,
        );
        const lost = {
          ...world,
          states: Array(shards - 1)
            .fill('ready')
            .concat('lost'),
        };
        expect(planOf(lost).moves.length).toBeLessThanOrEqual(share(shards) + slack);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on with moves that have begun, and reckons with the places they hold', () => {
    fc.assert(
      fc.property(settledWorlds, (world) => {
        const { sharding, shards } = world;
        const grown = {
          ...world,
          sharding: { ...sharding, maxShards: shards + 1, minShards: shards + 1 },
        };
        const first = planOf(grown, { budget: 3 });
        const to = new Map(first.moves.map(({ uid, to }) => [uid, to as number]));
        const bots = grown.bots.map((each) => {
          const ordinal = to.get(each.uid);
          return ordinal === undefined ? each : { ...each, target: { fleet: FLEET, ordinal } };
        });
        const second = planOf({ ...grown, shards: first.shards, bots });
        expect(second.moves.length + first.moves.length).toBe(planOf(grown).moves.length);
        for (const { uid } of second.moves) expect(to.has(uid)).toBe(false);
        expect(second.cancelled).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('among several fleets', () => {
  it('a bot that changes has a place in both until it has left', () => {
    const other = 'other';
    const sharding = { botsPerShard: 2, minShards: 1, maxShards: 1 };
    const mover: PlannedBot = { ...bot(1, 0), fleet: other };
    const bots = [mover, bot(2, 0), bot(3)];
    const world: World = { sharding, shards: 1, states: [], bots };
    const fleets = [FLEET, other].map((name) =>
      fleetOf(world, { name, taken: takenIn(name, bots) }),
    );
    const plans = plan(fleets, bots);
    expect(plans.get(other)?.places).toEqual([{ uid: 'uid-1', ordinal: 0 }]);
    // Not before the other one has left.
    expect(plans.get(FLEET)).toMatchObject({ places: [], unplaced: ['uid-3'], moves: [] });
  });

  it('each gets the plan that it would get alone', () => {
    const tagged = (world: World, name: string): PlannedBot[] =>
      world.bots.map((each) => ({
        ...each,
        uid: `${name}-${each.uid}`,
        fleet: name,
        place: each.place && { ...each.place, fleet: name },
        target: typeof each.target === 'object' ? { ...each.target, fleet: name } : each.target,
      }));
    fc.assert(
      fc.property(worlds, worlds, (a, b) => {
        const bots = { a: tagged(a, 'a'), b: tagged(b, 'b') };
        const fleet = (world: World, name: 'a' | 'b') =>
          fleetOf(world, { name, taken: takenIn(name, bots[name]) });
        const both = plan([fleet(a, 'a'), fleet(b, 'b')], [...bots.b, ...bots.a]);
        expect(both.get('a')).toEqual(plan([fleet(a, 'a')], bots.a).get('a'));
        expect(both.get('b')).toEqual(plan([fleet(b, 'b')], bots.b).get('b'));
      }),
      { numRuns: 300 },
    );
  });
});
