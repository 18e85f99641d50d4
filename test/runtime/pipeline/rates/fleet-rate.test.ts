import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import {
  type FleetTurn,
  LocalFleetRate,
} from '../../../../src/runtime/pipeline/rates/fleet-rate.ts';
import type { Priority } from '../../../../src/runtime/pipeline/rates/waiting-line.ts';

let clock: AdjustableClock;
let rate: LocalFleetRate;
let stop: AbortController;
let turns: { readonly method: string; readonly priority: Priority; readonly atMs: number }[];
beforeEach(() => {
  clock = new AdjustableClock();
  rate = new LocalFleetRate(clock);
  stop = new AbortController();
  turns = [];
});

/** Makes a call that takes no time, when it is its turn. */
function acquire(method = 'sendMessage', priority: Priority = 'reply', patienceMs = 60_000): void {
  const call = { method, priority, deadlineMs: clock.monotonicMs() + patienceMs };
  const take = (turn?: FleetTurn): void => {
    turns.push({ method, priority, atMs: clock.monotonicMs() });
    turn?.end();
  };
  const turn = rate.acquire(call, stop.signal);
  if (turn instanceof Promise) turn.then(take, () => undefined);
  else take(turn);
}

const times = (): number[] => turns.map(({ atMs }) => atMs);

test('a fleet without limits costs nothing', () => {
  rate.apply({}, 3);
  for (let index = 0; index < 1_000; index++) acquire();
  expect(turns).toHaveLength(1_000);
  expect(clock.pendingTimers).toBe(0);
});

describe('a shard gets', () => {
  test.each([
    [10, 1, 10, 1_010],
    [10, 3, 3, 1_010],
    [10, 10, 1, 1_010],
    [2, 10, 1, 5_050],
    [1, 100, 1, 101_000],
  ])('of %d a second, one of %d: %d in %d ms', async (perSecond, shards, count, windowMs) => {
    rate.apply({ perSecond }, shards);
    for (let index = 0; index < count * 2; index++) acquire('sendMessage', 'reply', 200_000);
    await clock.advanceAsync(windowMs - 1);
    expect(turns).toHaveLength(count);
    await clock.advanceAsync(1);
    expect(turns).toHaveLength(count * 2);
  });
});

test('the shares of all shards together are no more than the limit, nor much less', () => {
  const numbers = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 50 }), (shardLimit, shards) => {
      const perSecond = shardLimit + shards;
      rate = new LocalFleetRate(clock);
      turns = [];
      rate.apply({ perSecond }, shards);
      for (let index = 0; index < perSecond; index++) acquire('sendMessage', 'reply', 0);
      expect(turns.length * shards).toBeLessThanOrEqual(perSecond);
      expect(turns.length * shards).toBeGreaterThan(perSecond - shards);
    }),
  );
});

test('a call counts until a second after its answer, whenever it arrived', async () => {
  rate.apply({ perSecond: 1 }, 1);
  const call = { method: 'sendMessage', priority: 'reply', deadlineMs: 60_000 } as const;
  const slow = await rate.acquire(call, stop.signal);
  acquire();
  await clock.advanceAsync(5_000);
  expect(turns).toHaveLength(0);
  slow?.end();
  await clock.advanceAsync(1_010);
  expect(times()).toEqual([6_010]);
});

test('a poll that is held counts as one that arrives within a quarter of a second', async () => {
  rate.apply({ perSecond: 1 }, 1);
  const call = { method: 'getUpdates', priority: 'poll', deadlineMs: 60_000 } as const;
  void rate.acquire(call, stop.signal);
  acquire();
  await clock.advanceAsync(5_000);
  expect(times()).toEqual([1_260]);
});

test('a method has a limit of its own, and leaves the others alone', async () => {
  rate.apply({ perSecond: 10, methods: { sendPhoto: 1 } }, 1);
  for (let index = 0; index < 3; index++) acquire('sendPhoto');
  acquire('sendMessage');
  expect(turns.map(({ method }) => method)).toEqual(['sendPhoto', 'sendMessage']);
  await clock.advanceAsync(10_000);
  expect(times()).toEqual([0, 0, 1_010, 2_020]);
});

test('polls go after replies and before the rest', async () => {
  rate.apply({ perSecond: 1 }, 1);
  acquire();
  acquire('sendMessage', 'background');
  acquire('getUpdates', 'poll');
  acquire('sendMessage', 'reply');
  await clock.advanceAsync(10_000);
  expect(turns.map(({ priority }) => priority)).toEqual(['reply', 'reply', 'poll', 'background']);
});

test('limits change while calls wait; what was sent counts', async () => {
  rate.apply({ perSecond: 2, methods: { sendPhoto: 1 } }, 1);
  for (let index = 0; index < 6; index++) acquire();
  acquire('sendPhoto');
  await clock.advanceAsync(500);
  expect(turns).toHaveLength(2);
  rate.apply({ perSecond: 4 }, 1);
  await clock.advanceAsync(0);
  expect(times()).toEqual([0, 0, 500, 500]);
  rate.apply({}, 1);
  await clock.advanceAsync(0);
  expect(turns).toHaveLength(7);
  expect(clock.pendingTimers).toBe(0);
});

test('whatever comes: no second sees more than the limit, nor than that of a method', async () => {
  const arrivals = fc.array(
    fc.record({
      afterMs: fc.nat({ max: 200 }),
      method: fc.constantFrom('sendMessage', 'sendPhoto', 'getUpdates'),
    }),
    { maxLength: 80 },
  );
  await fc.assert(
    fc.asyncProperty(arrivals, fc.integer({ min: 3, max: 12 }), async (script, perSecond) => {
      clock = new AdjustableClock();
      rate = new LocalFleetRate(clock);
      turns = [];
      rate.apply({ perSecond, methods: { sendPhoto: 2 } }, 1);
      for (const { afterMs, method } of script) {
        await clock.advanceAsync(afterMs);
        acquire(method, method === 'getUpdates' ? 'poll' : 'reply');
      }
      await clock.advanceAsync(120_000);
      expect(turns).toHaveLength(script.length);
      expect(mostWithin(times(), 1_000)).toBeLessThanOrEqual(perSecond);
      const photos = turns.filter(({ method }) => method === 'sendPhoto');
      expect(
        mostWithin(
          photos.map(({ atMs }) => atMs),
          1_000,
        ),
      ).toBeLessThanOrEqual(2);
    }),
    { numRuns: 40 },
  );
});

/** The most in any stretch of so long. */
function mostWithin(of: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...of.map((from) => of.filter((at) => at >= from && at < from + windowMs).length),
  );
}
