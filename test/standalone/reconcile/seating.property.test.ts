import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { botFleetSpecSchema } from '../../../src/api/bot-fleet.ts';
import type { Placement } from '../../../src/api/tenant-bot-status.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import {
  type SeatingFleet,
  SeatingPlan,
  type Sitter,
} from '../../../src/standalone/reconcile/seating.ts';
import { Seats } from '../../../src/standalone/reconcile/seats.ts';

const { sharding } = botFleetSpecSchema.parse({});

/** Seats, and what a reconciler remembers of bots besides. */
class World {
  readonly clock = new AdjustableClock();
  readonly seats = new Seats(this.clock);
  readonly plan: SeatingPlan;
  readonly last: Map<string, Placement>;
  readonly #botsPerShard: number;

  constructor(shards: number, botsPerShard: number, last = new Map<string, Placement>()) {
    this.plan = new SeatingPlan(this.seats, shards, this.clock);
    this.#botsPerShard = botsPerShard;
    this.last = last;
  }

  /** One pass in which these bots are to run; returns where they do. */
  seat(bots: readonly number[], fleet = 'default'): ReadonlyMap<string, Placement> {
    const sitters = bots.map(
      (bot): Sitter => ({
        uid: `bot-${bot}`,
        fleet,
        botId: bot,
        weight: 1,
        createdAt: `2026-01-01T00:00:${String(bot).padStart(2, '0')}Z`,
        last: this.last.get(`bot-${bot}`),
      }),
    );
    const own: SeatingFleet = {
      sharding: { ...sharding, botsPerShard: this.#botsPerShard },
      stateOf: () => 'ready',
    };
    const fleets = new Map(['default', 'other'].map((name) => [name, own]));
    const { placements } = this.plan.seat(sitters, fleets);
    for (const [uid, placement] of placements) this.last.set(uid, placement);
    return placements;
  }

  /** The runtimes of bots that leave have let go of them, of all or of every other one. */
  release(all: boolean): void {
    for (const [index, { uid, leaving, placement }] of this.seats.all().entries()) {
      const { epoch } = placement;
      if (leaving && (all || index % 2 === 0)) this.seats.release({ uid, epoch });
    }
  }

  /** How many bots sit on each shard, those that leave included. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { placement } of this.seats.all()) {
      const name = `${placement.fleet}/${placement.shard}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  /** Passes until nothing happens any more. */
  settle(bots: readonly number[]): void {
    for (let pass = 0; pass < 40; pass++) {
      this.clock.advance(10_000);
      this.seat(bots);
      this.release(true);
    }
  }
}

function spread(counts: ReadonlyMap<string, number>, shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => counts.get(`default/${shard}`) ?? 0);
}

const bots = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });

describe('SeatingPlan', () => {
  test('whatever bots come, go and let go of, no shard is overfull and epochs grow', () => {
    const step = fc.record({
      bots,
      fleet: fc.constantFrom('default', 'default', 'other'),
      release: fc.constantFrom('none', 'some', 'all'),
      afterMs: fc.constantFrom(0, 1_000, 10_000),
    });
    const run = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const world = new World(3, 4);
      for (const { bots: wanted, fleet, release, afterMs } of steps) {
        const before = new Map(world.last);
        const seated = new Map(world.seats.all().map((seat) => [seat.uid, seat]));
        // Whoever sits in another fleet has to leave it first, as the reconciler sees to.
        const free = wanted.filter((bot) => (seated.get(`bot-${bot}`)?.fleet ?? fleet) === fleet);
        for (const [uid, placement] of world.seat(free, fleet)) {
          const { fleet: of, shard, epoch } = before.get(uid) ?? {};
          const isSame = of === placement.fleet && shard === placement.shard;
          expect(placement.epoch).toBe((epoch ?? 0) + (isSame ? 0 : 1));
          // A runtime that may have the bot is its owner, and nobody else.
          const held = seated.get(uid);
          if (held) expect(placement).toEqual(held.placement);
        }
        for (const count of world.counts().values()) expect(count).toBeLessThanOrEqual(4);
        if (release !== 'none') world.release(release === 'all');
        world.clock.advance(afterMs);
      }
    });
    fc.assert(run, { numRuns: 300 });
  });

  test('the place that a bot is on its way to is not given to another', () => {
    const world = new World(2, 3);
    world.seat([1, 2, 3, 4, 5, 6]);
    const onSecond = [1, 2, 3, 4, 5, 6].filter((bot) => world.last.get(`bot-${bot}`)?.shard === 1);
    const kept = [1, 2, 3, 4, 5, 6].filter((bot) => !onSecond.slice(1).includes(bot));
    world.seat(kept);
    world.release(true);
    world.clock.advance(10_000);
    expect(world.seat(kept).size).toBe(kept.length - 1);
    expect(world.seat([...kept, 7, 8]).size).toBe(kept.length);
    world.release(true);
    expect(world.seat([...kept, 7, 8]).size).toBe(kept.length + 2);
    expect(spread(world.counts(), 2)).toEqual([3, 3]);
  });

  test('in the end all run that fit, on shards of the same size, and nobody moves any more', () => {
    const run = fc.property(fc.array(bots, { minLength: 1, maxLength: 4 }), (steps) => {
      const world = new World(3, 4);
      for (const wanted of steps) world.settle(wanted);
      const wanted = steps.at(-1) ?? [];
      const placements = world.seat(wanted);
      expect(placements.size).toBe(wanted.length);
      const counts = spread(world.counts(), 3);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(world.seats.all().filter(({ leaving }) => leaving)).toEqual([]);
    });
    fc.assert(run, { numRuns: 50 });
  });

  test('another number of shards at the next start moves as few as it takes, at once', () => {
    const number = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), number, number, (count, from, to) => {
        const all = Array.from({ length: count }, (_, index) => index + 1);
        const before = new Map(new World(from, 12).seat(all));
        const after = new World(to, 12, new Map(before)).seat(all);
        expect(after.size).toBe(count);
        const moved = all.filter(
          (bot) => before.get(`bot-${bot}`)?.shard !== after.get(`bot-${bot}`)?.shard,
        );
        expect(moved.length).toBe(fewestMoves(count, from, to));
      }),
    );
  });
});

/** To go from one even spread to another, in which no two shards differ by more than one. */
function fewestMoves(count: number, from: number, to: number): number {
  const even = (shards: number): number[] =>
    Array.from(
      { length: shards },
      (_, n) => Math.floor(count / shards) + (n < count % shards ? 1 : 0),
    );
  const had = even(from);
  if (to === from) return 0;
  // Those that were there can stay as far as their shard is to have so many.
  const stay = even(to)
    .map((most, n) => Math.min(most, had[n] ?? 0))
    .reduce((sum, n) => sum + n, 0);
  return count - stay;
}
