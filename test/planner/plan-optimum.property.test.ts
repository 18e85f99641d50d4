import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bot, loads, settle, type World } from './planned-world.ts';

const MOST_SHARDS = 4;

/** Small fleets of ready shards, of which some may have to be emptied, with room for all bots. */
function smallWorlds(weights: fc.Arbitrary<number>): fc.Arbitrary<World> {
  return fc
    .record({
      shards: fc.integer({ min: 1, max: MOST_SHARDS }),
      wanted: fc.integer({ min: 1, max: MOST_SHARDS }),
      spare: fc.nat(3),
      bots: fc.array(fc.record({ at: fc.nat(MOST_SHARDS - 1), weight: weights }), { maxLength: 7 }),
    })
    .map(({ shards, wanted, spare, bots }) => ({
      sharding: {
        botsPerShard: Math.max(1, Math.ceil(bots.length / wanted)) + spare,
        minShards: wanted,
        maxShards: wanted,
      },
      shards,
      states: [],
      bots: bots.map(({ at, weight }, number) => bot(number, at % shards, weight)),
    }));
}

/** Every way to spread the bots over the shards that a fleet may have. */
function* spreads({ sharding, bots }: World): Iterable<World> {
  const { maxShards, botsPerShard } = sharding;
  for (let code = 0; code < maxShards ** bots.length; code++) {
    const spread: World = {
      sharding,
      shards: maxShards,
      states: [],
      bots: bots.map((each, index) => ({
        ...each,
        place: {
          fleet: 'default',
          ordinal: Math.floor(code / maxShards ** index) % maxShards,
        },
      })),
    };
    if (loads(spread).every(({ bots: count }) => count <= botsPerShard)) yield spread;
  }
}

function peak(world: World): number {
  return Math.max(...loads(world).map(({ load }) => load));
}

function gap(world: World): number {
  return peak(world) - Math.min(...loads(world).map(({ load }) => load));
}

function movesBetween(before: World, after: World): number {
  return before.bots.filter(({ place }, index) => {
    return place?.ordinal !== after.bots[index]?.place?.ordinal;
  }).length;
}

describe('beside every other way to spread the bots', () => {
  it('no balanced one takes fewer moves, nor has a lower peak, where bots weigh the same', () => {
    fc.assert(
      fc.property(smallWorlds(fc.constant(1)), (world) => {
        const { world: end, moves } = settle(world);
        let fewest = Infinity;
        let lowest = Infinity;
        for (const spread of spreads(world)) {
          lowest = Math.min(lowest, peak(spread));
          if (gap(spread) <= 1) fewest = Math.min(fewest, movesBetween(world, spread));
        }
        expect(moves).toBe(fewest);
        expect(peak(end)).toBe(lowest);
      }),
      { numRuns: 200 },
    );
  });

  it('none has a peak that is lower by more than the heaviest bot, where weights differ', () => {
    fc.assert(
      fc.property(smallWorlds(fc.constantFrom(1, 2, 3, 7)), (small) => {
        const world = { ...small, sharding: { ...small.sharding, botsPerShard: 7 } };
        const { world: end, moves } = settle(world);
        let lowest = Infinity;
        for (const spread of spreads(world)) lowest = Math.min(lowest, peak(spread));
        const heaviest = Math.max(0, ...world.bots.map(({ weight }) => weight));
        expect(peak(end)).toBeLessThan(lowest + Math.max(heaviest, 1));
        expect(moves).toBeLessThanOrEqual(2 * world.bots.length);
      }),
      { numRuns: 200 },
    );
  });
});
