import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { botHistory, type HistoryPoint } from '../../../src/history/queries/bot-history.ts';
import { DAY, History, HOUR, MINUTE, NOW, type Row } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
});
afterAll(() => history.close());

const ask = (name: string, hours: number, snapshotSeconds?: number) =>
  history.reader.ask(botHistory, '*', {
    namespace: 'a',
    name,
    hours,
    ...(snapshotSeconds !== undefined && { snapshotSeconds }),
  });

test.each([
  [1, 600, 7],
  [24, 600, 145],
  [72, 600, 433],
  [84, 900, 337],
  [168, 1_800, 337],
])('%d hours come in steps of %d s: %d points', async (hours, stepSeconds, count) => {
  await history.bot(`empty-${hours}`);
  const found = await ask(`empty-${hours}`, hours);
  expect(found.stepSeconds).toBe(stepSeconds);
  expect(found.points).toHaveLength(count);
  expect(count).toBeLessThanOrEqual(500);
  expect(found.points.at(-1)?.at).toBe('2026-01-31T12:00:00.000Z');
});

test('no range and no interval of snapshots make more than 500 points, nor points that a snapshot may miss', async () => {
  await history.bot('ranges');
  const ranges = fc.tuple(fc.integer({ min: 1, max: 168 }), fc.integer({ min: 60, max: 3_600 }));
  const property = fc.asyncProperty(ranges, async ([hours, snapshotSeconds]) => {
    const { points, stepSeconds } = await ask('ranges', hours, snapshotSeconds);
    expect(points.length).toBeLessThanOrEqual(500);
    expect(stepSeconds).toBeGreaterThanOrEqual(2 * snapshotSeconds);
  });
  await fc.assert(property, { numRuns: 50 });
});

test('a bot that nobody knows has no points', async () => {
  expect((await ask('nobody', 24)).points).toEqual([]);
});

test('is that of the live bot of the name, or of the last', async () => {
  const past = { created_at: NOW - DAY, deleted_at: NOW - HOUR };
  const first = await history.bot('again', 'a', { ...past, deleted_at: NOW - 2 * HOUR });
  const second = await history.bot('again', 'a', past);
  await history.snapshots(first, { avg_response_ms: 1 });
  await history.snapshots(second, { avg_response_ms: 2 });
  const newest = async () => (await ask('again', 1)).points.at(-1)?.avgResponseMs;
  expect(await newest()).toBe(2);
  const third = await history.bot('again');
  await history.snapshots(third, { avg_response_ms: 3 });
  expect(await newest()).toBe(3);
});

const HEALTH = ['Healthy', 'Suspended', 'Degraded', 'Unhealthy'] as const;
const BREAKER = ['Closed', 'HalfOpen', 'Open'] as const;

interface Sample {
  readonly ms: number;
  readonly health: (typeof HEALTH)[number];
  readonly breaker: (typeof BREAKER)[number];
  readonly percent: number;
  readonly updates: number;
}

/** What {@link botHistory} is to find, counted one by one. */
function byHand(samples: readonly Sample[], hours: number, stepMs: number) {
  const stepOf = (ms: number) => Math.floor(ms / stepMs) * stepMs;
  const points: unknown[] = [];
  const begin = stepOf(NOW - hours * HOUR);
  let before: number | undefined;
  for (let step = begin - stepMs; step <= NOW; step += stepMs) {
    const here = samples.filter(({ ms }) => stepOf(ms) === step && ms <= NOW);
    const counts = here.map(({ updates }) => updates);
    const [low, high] = [Math.min(...counts), Math.max(...counts)];
    const from = before ?? low;
    const worst = <State>(order: readonly State[], states: readonly State[]) =>
      order[Math.max(...states.map((state) => order.indexOf(state)))] ?? null;
    const mean = here.reduce((sum, { percent }) => sum + percent, 0) / here.length;
    if (step >= begin) {
      points.push({
        at: new Date(step).toISOString(),
        samples: here.length,
        health: worst(
          HEALTH,
          here.map(({ health }) => health),
        ),
        breaker: worst(
          BREAKER,
          here.map(({ breaker }) => breaker),
        ),
        errorPercent: here.length === 0 ? null : Math.round(mean * 10 + 1e-9) / 10,
        updates: here.length === 0 ? null : high < from ? high : high - from,
      });
    }
    if (here.length > 0) before = high;
  }
  return points;
}

test('is what counting by hand finds, with gaps as gaps', async () => {
  const sample = fc.record({
    ms: fc.integer({ min: NOW - 9 * HOUR, max: NOW + 10 * MINUTE }),
    health: fc.constantFrom(...HEALTH),
    breaker: fc.constantFrom(...BREAKER),
    percent: fc.integer({ min: 0, max: 100 }),
    updates: fc.integer({ min: 0, max: 1_000 }),
  });
  let bots = 0;
  const property = fc.asyncProperty(
    fc.array(sample, { maxLength: 40 }),
    fc.integer({ min: 1, max: 8 }),
    async (samples, hours) => {
      const name = `random-${bots++}`;
      const bot = await history.bot(name);
      const rows = samples.map(({ ms, percent: error_percent, ...others }): Row => {
        return { ...others, at: ms, error_percent };
      });
      if (rows.length > 0) await history.snapshots(bot, ...rows);
      const { points, stepSeconds } = await ask(name, hours);
      const seen = points.map(({ at, samples, health, breaker, errorPercent, updates }) => {
        return { at, samples, health, breaker, errorPercent, updates };
      });
      expect(seen).toEqual(byHand(samples, hours, stepSeconds * 1_000));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('counters that begin anew count from there', async () => {
  const bot = await history.bot('reset');
  const at = (minutes: number, changes: Row): Row => ({ at: NOW - minutes * MINUTE, ...changes });
  await history.snapshots(
    bot,
    at(45, { updates: 100, errors: 10 }),
    at(35, { updates: 130, errors: 12 }),
    at(25, { updates: 5, errors: 1 }),
  );
  const { points } = await ask('reset', 1);
  const counts = ({ updates, errors }: HistoryPoint) => [updates, errors];
  expect(points.filter(({ samples }) => samples > 0).map(counts)).toEqual([
    [0, 0],
    [30, 2],
    [5, 1],
  ]);
});
