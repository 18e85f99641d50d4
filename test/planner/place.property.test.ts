import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePlace, type FleetRoom, roomSize, type ShardUse } from '../../src/planner/place.ts';
import { plan } from '../../src/planner/plan.ts';
import { bot, FLEET, fleetOf, loads, shardings, type World } from './planned-world.ts';

/** A fleet on which bots stay, and some other places are taken by bots that leave. */
const rooms: fc.Arbitrary<FleetRoom> = fc
  .record({
    sharding: shardings,
    shards: fc.nat(6),
    more: fc.nat(6),
    use: fc.array(fc.record({ staying: fc.nat(4), leaving: fc.nat(2), weight: fc.nat(3) }), {
      maxLength: 6,
    }),
    lost: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
  })
  .map(({ sharding, shards, more, use, lost }) => ({
    sharding,
    shards,
    bots: use.reduce((sum, { staying }) => sum + staying, 0) + more + 1,
    use: new Map(
      use.map(({ staying, leaving, weight }, ordinal) => [
        ordinal,
        { taken: staying + leaving, staying, load: staying * weight },
      ]),
    ),
    lost: new Set(lost),
  }));

describe('the place of a bot', () => {
  it('is where brute force says: sticky, else that of the least weight, the lowest of those', () => {
    fc.assert(
      fc.property(rooms, fc.option(fc.nat(7), { nil: undefined }), (room, last) => {
        const { sharding, use, lost } = room;
        const { wanted } = roomSize(room);
        const at = (ordinal: number): ShardUse =>
          use.get(ordinal) ?? { taken: 0, staying: 0, load: 0 };
        const usable = Array.from({ length: wanted }, (_, ordinal) => ordinal).filter(
          (ordinal) => !lost.has(ordinal),
        );
        const free = usable.flatMap((ordinal) =>
          Array(Math.max(0, sharding.botsPerShard - at(ordinal).taken)).fill(ordinal),
        );
        const stuck = [...use].map(([ordinal, { staying }]) =>
          usable.includes(ordinal) ? Math.max(0, staying - sharding.botsPerShard) : staying,
        );
        const needed = stuck.reduce((sum, count) => sum + count, 0);
        const places = [...new Set<number>(free)];
        const [best] = places.toSorted((a, b) => at(a).load - at(b).load || a - b);
        const place = choosePlace(room, last);
        if (free.length <= needed) expect(place.kind).toBe('full');
        else {
          const sticks = last !== undefined && places.includes(last);
          expect(place).toEqual({ kind: 'shard', ordinal: sticks ? last : best });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never overcommits, and fills a fleet to its end, whoever comes and goes', () => {
    fc.assert(
      fc.property(shardings, fc.array(fc.nat(20), { maxLength: 60 }), (sharding, steps) => {
        const homes = new Map<number, number>();
        let shards = 0;
        for (const number of steps) {
          if (homes.delete(number)) continue;
          const bots = homes.size + 1;
          const room = { sharding, bots, shards, use: useOf(homes), lost: new Set<number>() };
          const place = choosePlace(room);
          shards = roomSize(room).shards;
          if (place.kind === 'full') {
            expect(homes.size).toBe(sharding.maxShards * sharding.botsPerShard);
          } else homes.set(number, place.ordinal);
          const counts = [...useOf(homes).values()].map(({ taken }) => taken);
          expect(Math.max(0, ...counts)).toBeLessThanOrEqual(sharding.botsPerShard);
          expect(Math.max(0, ...homes.values())).toBeLessThan(sharding.maxShards);
        }
      }),
    );
  });

  it('is the one that a plan for all bots gives, one after the other', () => {
    fc.assert(
      fc.property(shardings, fc.array(fc.integer({ min: 1, max: 5 })), (sharding, weights) => {
        const bots = weights.map((weight, number) => bot(number, undefined, weight));
        const world: World = { sharding, shards: 0, states: [], bots };
        const { places = [], shards = 0 } = plan([fleetOf(world)], bots).get(FLEET) ?? {};
        const homes = new Map<number, number>();
        for (const [number] of weights.entries()) {
          const use = useOf(homes, weights);
          const room = { sharding, bots: bots.length, shards, use, lost: new Set<number>() };
          const place = choosePlace(room);
          const planned = places.find(({ uid }) => uid === bots[number]?.uid);
          expect(place.kind === 'shard' ? place.ordinal : undefined).toBe(planned?.ordinal);
          if (place.kind === 'shard') homes.set(number, place.ordinal);
        }
        expect(loads({ ...world, shards }).length).toBe(shards);
      }),
    );
  });
});

/** How shards are used by bots at home there. */
function useOf(homes: ReadonlyMap<number, number>, weights: readonly number[] = []) {
  const use = new Map<number, ShardUse>();
  for (const [number, ordinal] of homes) {
    const { taken = 0, load = 0 } = use.get(ordinal) ?? {};
    const weight = weights[number] ?? 1;
    use.set(ordinal, { taken: taken + 1, staying: taken + 1, load: load + weight });
  }
  return use;
}
