import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePlace, type FleetRoom, shardsNeeded } from '../../../src/controller/plan/place.ts';

const rooms: fc.Arbitrary<FleetRoom> = fc
  .record({
    botsPerShard: fc.integer({ min: 1, max: 4 }),
    minShards: fc.integer({ min: 1, max: 3 }),
    moreShards: fc.nat(3),
    bots: fc.nat(12),
    loads: fc.array(fc.nat(4), { maxLength: 6 }),
  })
  .map(({ botsPerShard, minShards, moreShards, bots, loads }) => ({
    botsPerShard,
    minShards,
    maxShards: minShards + moreShards,
    bots,
    taken: new Map(loads.map((load, ordinal) => [ordinal, Math.min(load, botsPerShard)])),
  }));

/** Every ordinal on which one more bot may go, tried one by one. */
function allowed(room: FleetRoom): number[] {
  const used = [...room.taken.values()].reduce((sum, load) => sum + load, 0);
  const highest = Math.max(-1, ...[...room.taken].filter(([, load]) => load > 0).map(([o]) => o));
  const shards: number[] = [];
  for (let ordinal = 0; ordinal < 100; ordinal++) {
    const isNeeded = ordinal * room.botsPerShard < Math.max(room.bots, used + 1);
    const exists = ordinal < room.minShards || (isNeeded && ordinal < room.maxShards);
    if (exists || ordinal <= highest) shards.push(ordinal);
  }
  return shards.filter((ordinal) => (room.taken.get(ordinal) ?? 0) < room.botsPerShard);
}

describe('the place of a bot', () => {
  it('is where brute force says: sticky, else the least loaded, the lowest of those', () => {
    fc.assert(
      fc.property(rooms, fc.option(fc.nat(7), { nil: undefined }), (room, last) => {
        const load = (ordinal: number): number => room.taken.get(ordinal) ?? 0;
        const free = allowed(room);
        const best = free.toSorted((a, b) => load(a) - load(b) || a - b)[0];
        const place = choosePlace(room, last);
        if (best === undefined) expect(place.kind).toBe('full');
        else {
          const sticks = last !== undefined && free.includes(last);
          expect(place).toEqual({ kind: 'shard', ordinal: sticks ? last : best });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never overcommits, and fills a fleet to its end, whoever comes and goes', () => {
    fc.assert(
      fc.property(rooms, fc.array(fc.nat(20), { maxLength: 60 }), (room, steps) => {
        const homes = new Map<number, number>();
        const taken = new Map<number, number>();
        for (const bot of steps) {
          const home = homes.get(bot);
          if (home !== undefined) {
            homes.delete(bot);
            taken.set(home, (taken.get(home) ?? 1) - 1);
            continue;
          }
          const place = choosePlace({ ...room, bots: homes.size + 1, taken }, undefined);
          if (place.kind === 'full') {
            expect(homes.size).toBe(room.maxShards * room.botsPerShard);
          } else {
            homes.set(bot, place.ordinal);
            taken.set(place.ordinal, (taken.get(place.ordinal) ?? 0) + 1);
          }
          for (const load of taken.values()) expect(load).toBeLessThanOrEqual(room.botsPerShard);
          expect(Math.max(...homes.values(), 0)).toBeLessThan(room.maxShards);
        }
      }),
    );
  });

  it('is on a shard that the fleet is going to have', () => {
    fc.assert(
      fc.property(rooms, (room) => {
        const place = choosePlace(room);
        if (place.kind === 'full') return;
        const taken = new Map(room.taken);
        taken.set(place.ordinal, (taken.get(place.ordinal) ?? 0) + 1);
        expect(place.ordinal).toBeLessThan(shardsNeeded({ ...room, taken }));
      }),
    );
  });
});
