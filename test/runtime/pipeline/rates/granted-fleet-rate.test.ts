import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FleetRateLimits } from '../../../../src/api/rate-limits.ts';
import type { Grant } from '../../../../src/control/grants.ts';
import { wholeGrant } from '../../../../src/control/whole-grant.ts';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import type { FleetTurn } from '../../../../src/runtime/pipeline/rates/fleet-rate.ts';
import { GrantedFleetRate } from '../../../../src/runtime/pipeline/rates/granted-fleet-rate.ts';
import type { Priority } from '../../../../src/runtime/pipeline/rates/waiting-line.ts';

let clock: AdjustableClock;
let rate: GrantedFleetRate;
let seq = 0;
let stop: AbortController;
let turns: { readonly method: string; readonly priority: Priority; readonly atMs: number }[];
beforeEach(() => {
  clock = new AdjustableClock();
  rate = new GrantedFleetRate({ clock });
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
  apply({});
  for (let index = 0; index < 1_000; index++) acquire();
  expect(turns).toHaveLength(1_000);
  expect(clock.pendingTimers).toBe(0);
});

/** These limits for the fleet, all of them for this shard. */
function apply(limits: FleetRateLimits): void {
  rate.grant(wholeGrant(limits, ++seq), 0);
  rate.apply(limits);
}

/** A grant of so many calls altogether, taken now. */
function grant(
  limit: number,
  change: { readonly fallback?: number; readonly term?: number; readonly seq?: number } = {},
): void {
  const { fallback = limit, term = 1 } = change;
  const granted: Grant = {
    id: { term, instance: 'leader', seq: change.seq ?? ++seq },
    lifeMs: 10_000,
    shares: { total: { limit, fallback } },
  };
  rate.grant(granted, clock.monotonicMs());
}

describe('by its grant', () => {
  test('makes no call before the first one, and all that wait once it is there', async () => {
    rate.apply({ perSecond: 10 });
    for (let index = 0; index < 3; index++) acquire();
    await clock.advanceAsync(2_000);
    expect(turns).toHaveLength(0);
    grant(2);
    await clock.advanceAsync(0);
    expect(turns).toHaveLength(2);
    await clock.advanceAsync(1_010);
    expect(turns).toHaveLength(3);
  });

  test('goes by the fallback once it has expired', async () => {
    rate.apply({ perSecond: 10 });
    grant(5, { fallback: 2 });
    await clock.advanceAsync(10_000);
    for (let index = 0; index < 6; index++) acquire();
    expect(turns).toHaveLength(2);
    await clock.advanceAsync(1_010);
    expect(turns).toHaveLength(4);
    expect(rate.demand()?.uses['total']?.limit).toBe(2);
  });

  test('counts its life from the request, not from the answer', async () => {
    rate.apply({ perSecond: 10 });
    const sentMs = clock.monotonicMs();
    await clock.advanceAsync(9_000);
    const id = { term: 1, instance: 'leader', seq: 1 };
    rate.grant({ id, lifeMs: 10_000, shares: { total: { limit: 5, fallback: 0 } } }, sentMs);
    await clock.advanceAsync(1_000);
    acquire();
    expect(turns).toHaveLength(0);
  });

  test('a grant of an earlier leader, or an earlier one of the same, changes nothing', () => {
    rate.apply({ perSecond: 10 });
    grant(2, { term: 2, seq: 5 });
    grant(8, { term: 1, seq: 9 });
    grant(8, { term: 2, seq: 4 });
    for (let index = 0; index < 9; index++) acquire();
    expect(turns).toHaveLength(2);
  });

  test('never more than the fleet may do at all', () => {
    rate.apply({ perSecond: 3 });
    grant(8);
    for (let index = 0; index < 9; index++) acquire();
    expect(turns).toHaveLength(3);
  });

  test('makes no call any more once another runtime has taken over', async () => {
    rate.apply({ perSecond: 3 });
    grant(3);
    rate.end();
    acquire();
    await clock.advanceAsync(5_000);
    expect(turns).toHaveLength(0);
  });

  test('tells what it wants, and asks early when much more is wanted than it has told', async () => {
    let asked = 0;
    rate.onHurry(() => asked++);
    rate.apply({ perSecond: 10, methods: { sendPhoto: 2 } });
    expect(asked).toBe(1);
    grant(4);
    rate.demand();
    for (let index = 0; index < 6; index++) acquire();
    expect(asked).toBeGreaterThan(1);
    await clock.advanceAsync(100);
    const demand = rate.demand();
    expect(demand?.grant).toMatchObject({ term: 1, instance: 'leader' });
    expect(demand?.uses['total']).toMatchObject({ load: 4, limit: 4 });
    expect(demand?.uses['total']?.wanted).toBeGreaterThanOrEqual(6);
    expect(demand?.uses['method:sendPhoto']).toEqual({ wanted: 0, load: 0, limit: 0 });
    asked = 0;
    acquire();
    expect(asked).toBe(0);
  });

  test('says in words why a call is not made', async () => {
    rate.apply({ perSecond: 10 });
    grant(1);
    acquire();
    const call = { method: 'sendMessage', priority: 'reply', deadlineMs: 500 } as const;
    await expect(rate.acquire(call, stop.signal)).rejects.toThrow(
      'rateLimits.perSecond of the fleet is 10, of which this shard has 1 at present',
    );
  });
});

test('a call counts until a second after its answer, whenever it arrived', async () => {
  apply({ perSecond: 1 });
  const call = { method: 'sendMessage', priority: 'reply', deadlineMs: 60_000 } as const;
  const slow = await rate.acquire(call, stop.signal);
  acquire();
  await clock.advanceAsync(5_000);
  expect(turns).toHaveLength(0);
  slow?.end();
  await clock.advanceAsync(1_010);
  expect(times()).toEqual([6_010]);
});

test('a poll arrives within a second, however long it is held, or before it is answered', async () => {
  apply({ perSecond: 1 });
  const call = { method: 'getUpdates', priority: 'poll', deadlineMs: 60_000 } as const;
  void rate.acquire(call, stop.signal);
  acquire();
  await clock.advanceAsync(5_000);
  expect(times()).toEqual([2_010]);

  const poll = await rate.acquire(call, stop.signal);
  acquire();
  await clock.advanceAsync(100);
  poll?.end();
  await clock.advanceAsync(5_000);
  expect(times()).toEqual([2_010, 6_110]);
});

test('a method has a limit of its own, and leaves the others alone', async () => {
  apply({ perSecond: 10, methods: { sendPhoto: 1 } });
  for (let index = 0; index < 3; index++) acquire('sendPhoto');
  acquire('sendMessage');
  expect(turns.map(({ method }) => method)).toEqual(['sendPhoto', 'sendMessage']);
  await clock.advanceAsync(10_000);
  expect(times()).toEqual([0, 0, 1_010, 2_020]);
});

test('polls go after replies and before the rest', async () => {
  apply({ perSecond: 1 });
  acquire();
  acquire('sendMessage', 'background');
  acquire('getUpdates', 'poll');
  acquire('sendMessage', 'reply');
  await clock.advanceAsync(10_000);
  expect(turns.map(({ priority }) => priority)).toEqual(['reply', 'reply', 'poll', 'background']);
});

test('limits change while calls wait; what was sent counts', async () => {
  apply({ perSecond: 2, methods: { sendPhoto: 1 } });
  for (let index = 0; index < 6; index++) acquire();
  acquire('sendPhoto');
  await clock.advanceAsync(500);
  expect(turns).toHaveLength(2);
  apply({ perSecond: 4 });
  await clock.advanceAsync(0);
  expect(times()).toEqual([0, 0, 500, 500]);
  apply({});
  await clock.advanceAsync(0);
  expect(turns).toHaveLength(7);
  expect(clock.pendingTimers).toBe(0);
});

test('the limit of a method binds those that wait since before it was set', async () => {
  apply({ perSecond: 1 });
  for (let index = 0; index < 4; index++) acquire('sendPhoto');
  expect(turns).toHaveLength(1);
  apply({ perSecond: 100, methods: { sendPhoto: 2 } });
  await clock.advanceAsync(500);
  expect(turns).toHaveLength(3);
  await clock.advanceAsync(1_000);
  expect(turns).toHaveLength(4);
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
      rate = new GrantedFleetRate({ clock });
      turns = [];
      apply({ perSecond, methods: { sendPhoto: 2 } });
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
