import { expect, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { nextMacrotask } from '../../src/lib/clock.ts';
import type { LoopLoad } from '../../src/lib/event-loop.ts';
import type { ErrorOwner } from '../../src/runtime/bot/boundary.ts';
import { FloodWatch } from '../../src/runtime/flood-watch.ts';
import { Usage } from '../../src/runtime/usage.ts';

class Owner implements ErrorOwner {
  readonly failures: unknown[] = [];
  fail(error: unknown): void {
    this.failures.push(error);
  }
}

interface Load {
  readonly utilization?: number;
  readonly p99Ms?: number;
}

function loadOf({ utilization = 0, p99Ms = 0 }: Load): LoopLoad {
  return { utilization, lag: { meanMs: p99Ms / 2, p99Ms, maxMs: 4_000 } };
}

const OVERLOADS: readonly Load[] = [{ utilization: 0.9 }, { p99Ms: 100 }];

/** A watch over a loop that is loaded as told, and bots. */
function startWatch({ flooders: count }: { readonly flooders: number } = { flooders: 1 }) {
  const clock = new AdjustableClock();
  const usage = new Usage(clock);
  const flooder = new Owner();
  const flooders = [flooder, ...Array.from({ length: count - 1 }, () => new Owner())];
  const neighbour = new Owner();
  let load: LoopLoad = loadOf({});
  const startMeter = () => ({ read: () => load, reset: () => {}, [Symbol.dispose]: () => {} });
  const watch = new FloodWatch({ clock, usage, startMeter });
  const stop = new AbortController();
  const ended = watch.start(stop.signal);
  return {
    flooder,
    flooders,
    neighbour,
    watch,
    clock,
    /** One window in which the loop is so loaded and the bots take so much. */
    window: async (of: Load, tookMs: readonly number[]) => {
      load = loadOf(of);
      for (const [index, bot] of [...flooders, neighbour].entries()) {
        usage.timed(bot, () => clock.advance(tookMs[index] ?? 0));
      }
      await clock.advanceAsync(5_000 - tookMs.reduce((sum, took) => sum + took, 0));
    },
    stop: async () => {
      stop.abort();
      await ended;
      await nextMacrotask();
    },
  };
}

test.each(OVERLOADS)(
  'who takes a quarter of an overloaded loop (%j), twice in a row, is stopped in words',
  async (load) => {
    const { flooder, neighbour, watch, window, stop, clock } = startWatch();
    await window(load, [1_250, 500]);
    expect(flooder.failures).toEqual([]);
    await window(load, [3_000, 500]);
    expect(flooder.failures).toEqual([
      expect.objectContaining({
        kind: 'input',
        code: 'BOT_FLOODS',
        message: expect.stringContaining('took 60 % of the time'),
      }),
    ]);
    expect(neighbour.failures).toEqual([]);
    expect(watch.load).toEqual(loadOf(load));
    await stop();
    expect(clock.pendingTimers).toBe(0);
  },
);

test('who shares the blame is stopped as well', async () => {
  const { flooder, neighbour, window, stop } = startWatch();
  for (let count = 0; count < 2; count++) await window({ utilization: 1 }, [2_000, 2_500]);
  expect([...flooder.failures, ...neighbour.failures]).toHaveLength(2);
  await stop();
});

test.each([
  {
    why: 'the loop has time, and lags but once',
    load: { utilization: 0.89, p99Ms: 99 },
    tookMs: 4_000,
  },
  { why: 'none took much of the window', load: { utilization: 1, p99Ms: 4_000 }, tookMs: 1_200 },
])('nobody is stopped where $why', async ({ load, tookMs }) => {
  const { flooder, window, stop } = startWatch();
  for (let count = 0; count < 3; count++) await window(load, [tookMs, 0]);
  expect(flooder.failures).toEqual([]);
  await stop();
});

test('bad windows that do not follow one another are forgiven', async () => {
  const { flooder, window, stop } = startWatch();
  for (let count = 0; count < 3; count++) {
    await window({ p99Ms: 200 }, [3_000, 0]);
    await window({}, [100, 0]);
  }
  expect(flooder.failures).toEqual([]);
  await stop();
});

test('many that take much together are stopped, but only when that lasts', async () => {
  const { flooders, neighbour, window, stop } = startWatch({ flooders: 30 });
  const took = (index: number) => [
    ...flooders.map((_, bot) => (bot % 2 === index % 2 ? 250 : 0)),
    90,
  ];
  for (let count = 0; count < 3; count++) await window({ utilization: 1 }, took(count));
  expect(flooders.flatMap(({ failures }) => failures)).toEqual([]);
  await window({ utilization: 1 }, took(3));
  expect(flooders.map(({ failures }) => failures)).toEqual(
    flooders.map(() => [expect.objectContaining({ code: 'BOT_FLOODS' })]),
  );
  expect(neighbour.failures).toEqual([]);
  await window({ utilization: 1 }, []);
  expect(flooders.every(({ failures }) => failures.length === 1)).toBe(true);
  await stop();
});

test('many that take half of the loop at most are not what overloads it', async () => {
  const { flooders, window, stop } = startWatch({ flooders: 4 });
  for (let count = 0; count < 10; count++) {
    await window({ utilization: 1 }, [...flooders.map(() => 600), 0]);
  }
  expect(flooders.flatMap(({ failures }) => failures)).toEqual([]);
  await stop();
});

test('a bot with more in hand than it may have is stopped; tries that end let go of theirs', () => {
  const usage = new Usage(new AdjustableClock());
  const [large, modest] = [new Owner(), new Owner()];
  const mebibyte = 1024 * 1024;
  for (let count = 0; count < 100; count++) {
    using tried = usage.beginTry(modest);
    tried.hold(mebibyte);
  }
  const tries = Array.from({ length: 33 }, () => usage.beginTry(large));
  for (const [index, tried] of tries.entries()) {
    expect(large.failures).toHaveLength(index > 32 ? 1 : 0);
    tried.hold(mebibyte);
  }
  expect(large.failures).toMatchObject([{ code: 'BOT_TOO_LARGE', kind: 'input' }]);
  expect(modest.failures).toEqual([]);
});
