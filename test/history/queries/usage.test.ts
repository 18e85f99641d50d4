import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { busiestTimes } from '../../../src/history/queries/busiest-times.ts';
import { chatKinds } from '../../../src/history/queries/chat-kinds.ts';
import { errorKinds } from '../../../src/history/queries/error-kinds.ts';
import { popularCommands } from '../../../src/history/queries/popular-commands.ts';
import { usageSummary } from '../../../src/history/queries/usage-summary.ts';
import { usageTrends } from '../../../src/history/queries/usage-trends.ts';
import { verificationSummary } from '../../../src/history/queries/verification-summary.ts';
import { DAY, History, HOUR, NOW } from './history.ts';

let history: History;
let namespaces = 0;

beforeAll(async () => {
  history = await History.make();
});
afterAll(() => history.close());

/** A bot in a namespace of its own. */
async function newBot() {
  const namespace = `usage-${namespaces++}`;
  return { namespace, bot: await history.bot('bot', namespace) };
}

const ask: History['reader']['ask'] = (query, allowed, args) =>
  history.reader.ask(query, allowed, args);

/** Calls of 60 ms or 400 ms. */
const FAST = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const SLOW = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const times = (buckets: readonly number[], calls: number) => buckets.map((one) => one * calls);

test('a summary sums up calls and updates, with a point an hour', async () => {
  const { namespace, bot } = await newBot();
  await history.usage(
    bot,
    { method: 'sendMessage', calls: 90, latency_buckets: times(FAST, 90) },
    { method: 'sendPhoto', calls: 5, outcome: 'failed', latency_buckets: times(SLOW, 5) },
    { method: 'sendPhoto', calls: 4, outcome: 'rejected' },
    { method: 'getMe', calls: 1, outcome: 'rate_limited', latency_buckets: times(SLOW, 1) },
    { update_kind: 'message', command: 'start', outcome: 'handled', calls: 7 },
    { update_kind: 'message', outcome: 'skipped', calls: 2 },
    { update_kind: 'message', outcome: 'failed', calls: 1, hour: NOW - 5 * HOUR },
    { method: 'sendMessage', calls: 1_000, hour: NOW - DAY },
    { method: 'sendMessage', calls: 1_000, hour: NOW + HOUR },
  );
  const { totals, points, stepHours } = await ask(usageSummary, '*', { namespace, days: 1 });
  expect(totals).toEqual({
    calls: { ok: 90, rejected: 4, rate_limited: 1, failed: 5 },
    updates: { handled: 7, skipped: 2, failed: 1 },
    errorPercent: 5,
    p50Ms: 77,
    p95Ms: 333,
  });
  expect(stepHours).toBe(1);
  expect(points).toHaveLength(24);
  expect(points[0]?.at).toBe('2026-01-30T13:00:00.000Z');
  expect(points.at(-1)).toEqual({
    at: '2026-01-31T12:00:00.000Z',
    calls: 100,
    failed: 5,
    updates: 9,
  });
  expect(points.at(-6)?.updates).toBe(1);
  expect(points.at(-2)).toMatchObject({ calls: 0, failed: 0, updates: 0 });
});

test.each([
  [20, 1, 480],
  [21, 24, 22],
  [366, 24, 367],
])('%d days come in steps of %d h: %d points', async (days, stepHours, count) => {
  const { namespace } = await newBot();
  const found = await ask(usageSummary, '*', { namespace, days });
  expect(found.stepHours).toBe(stepHours);
  expect(found.points).toHaveLength(count);
  expect(found.totals).toMatchObject({ errorPercent: null, p95Ms: null });
});

test('trends are what counting by hand finds', async () => {
  const row = fc.record({
    hour: fc.integer({ min: -62 * 24, max: 1 }),
    calls: fc.integer({ min: 0, max: 50 }),
    isCall: fc.boolean(),
  });
  const property = fc.asyncProperty(
    fc.uniqueArray(row, { selector: ({ hour, isCall }) => `${hour} ${isCall}`, maxLength: 60 }),
    fc.constantFrom(1, 7, 30),
    async (rows, days) => {
      const { namespace, bot } = await newBot();
      const inserted = rows.map(({ hour, calls, isCall }) => {
        const which = isCall
          ? { method: 'sendMessage', update_kind: '', outcome: 'ok' }
          : { method: '', update_kind: 'message', outcome: 'handled' };
        return { ...which, hour: NOW + hour * HOUR, calls };
      });
      if (inserted.length > 0) await history.usage(bot, ...inserted);
      const found = await ask(usageTrends, '*', { namespace, days });
      const length = 24 * days;
      const sum = (isCall: boolean, from: number, to: number): number =>
        rows
          .filter((one) => one.isCall === isCall && one.hour > from && one.hour <= to)
          .reduce((all, { calls }) => all + calls, 0);
      for (const [isCall, what] of [
        [true, 'calls'],
        [false, 'updates'],
      ] as const) {
        const [now, before] = [sum(isCall, -length, 0), sum(isCall, -2 * length, -length)];
        const all = (counts: object) =>
          Object.values(counts).reduce((a: number, b: number) => a + b, 0);
        expect(all(found.current[what])).toBe(now);
        expect(all(found.previous[what])).toBe(before);
        if (before === 0) expect(found.change[what]).toBeNull();
        else expect(found.change[what]).toBeCloseTo((100 * (now - before)) / before, 0);
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('busiest hours and weekdays are those of the clocks of a zone', async () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kathmandu',
    'Pacific/Kiritimati',
  ];
  const row = fc.record({
    hour: fc.integer({ min: -30 * 24, max: 1 }),
    calls: fc.integer({ min: 1, max: 50 }),
  });
  const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  const property = fc.asyncProperty(
    fc.uniqueArray(row, { selector: ({ hour }) => hour, maxLength: 60 }),
    fc.constantFrom(...zones),
    fc.integer({ min: 1, max: 28 }),
    async (rows, timeZone, days) => {
      const { namespace, bot } = await newBot();
      const kinds = { update_kind: 'message', outcome: 'handled' };
      const inserted = rows.map(({ hour, calls }) => ({
        ...kinds,
        hour: NOW + hour * HOUR,
        calls,
      }));
      await history.usage(bot, {
        method: 'sendMessage',
        update_kind: '',
        outcome: 'ok',
        hour: NOW,
        calls: 9,
      });
      if (inserted.length > 0) await history.usage(bot, ...inserted);
      const hours = Array<number>(24).fill(0);
      const weekdays = Array<number>(7).fill(0);
      const clock = new Intl.DateTimeFormat('en', {
        timeZone,
        hour: '2-digit',
        hourCycle: 'h23',
        weekday: 'short',
      });
      for (const { hour, calls } of rows) {
        if (hour > 0 || hour <= -days * 24) continue;
        const parts = clock.formatToParts(NOW + hour * HOUR);
        const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
        hours[Number(part('hour'))]! += calls;
        weekdays[WEEKDAYS.indexOf(part('weekday'))]! += calls;
      }
      expect(await ask(busiestTimes, '*', { namespace, timeZone, days })).toEqual({
        hours,
        weekdays,
      });
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

describe('pages', () => {
  test('popular commands come by how often they were given', async () => {
    const { namespace, bot } = await newBot();
    const other = await history.bot('other', namespace);
    const use = (command: string, calls: number, outcome = 'handled') => {
      return { update_kind: 'message', command, calls, outcome };
    };
    await history.usage(
      bot,
      use('start', 5),
      use('help', 2),
      use('buy', 2),
      use('help', 1, 'failed'),
      use('', 99),
    );
    await history.usage(other, use('buy', 4), use('stop', 3));
    await history.usage(other, { ...use('old', 50), hour: NOW - 2 * DAY });
    const all = [
      { command: 'buy', uses: 6, failed: 0, bots: 2 },
      { command: 'start', uses: 5, failed: 0, bots: 1 },
      { command: 'help', uses: 3, failed: 1, bots: 1 },
      { command: 'stop', uses: 3, failed: 0, bots: 1 },
    ];
    const args = { namespace, days: 1, limit: 3, total: true };
    const first = await ask(popularCommands, '*', args);
    expect(first).toEqual({ items: all.slice(0, 3), total: 4, next: expect.any(String) as string });
    const second = await ask(popularCommands, '*', { ...args, after: first.next ?? '' });
    expect(second).toEqual({ items: all.slice(3), total: 4 });
  });

  test('errors come by fingerprint, the most frequent first, with when they came', async () => {
    const { namespace, bot } = await newBot();
    const other = await history.bot('other', namespace);
    await history.errors(
      bot,
      { fingerprint: 'f1', hour: NOW, errors: 2, sample: 'new' },
      { fingerprint: 'f1', hour: NOW - 23 * HOUR, errors: 5, sample: 'old' },
      { fingerprint: 'f2', hour: NOW - HOUR, errors: 7, sample: 'two' },
      { fingerprint: 'f3', hour: NOW - 2 * DAY, errors: 99, sample: 'past' },
    );
    await history.errors(other, {
      fingerprint: 'f1',
      hour: NOW - HOUR,
      errors: 1,
      sample: 'other',
    });
    const args = { namespace, days: 1, limit: 1, total: true };
    const first = await ask(errorKinds, '*', args);
    expect(first).toMatchObject({ total: 2, items: [{ fingerprint: 'f1', errors: 8, bots: 2 }] });
    const [item] = first.items;
    expect(item).toMatchObject({
      sample: 'new',
      first: '2026-01-30T13:00:00.000Z',
      last: '2026-01-31T12:00:00.000Z',
    });
    const slots = Array<number>(24).fill(0);
    Object.assign(slots, { 0: 5, 22: 1, 23: 2 });
    expect(item?.slots).toEqual(slots);
    const second = await ask(errorKinds, '*', { ...args, after: first.next ?? '' });
    expect(second.items.map(({ fingerprint, errors }) => [fingerprint, errors])).toEqual([
      ['f2', 7],
    ]);
    expect(second.next).toBeUndefined();
    const one = await ask(errorKinds, '*', { namespace, fingerprint: 'f2' });
    expect(one.items.map(({ fingerprint }) => fingerprint)).toEqual(['f2']);
  });
});

test('kinds of chats, the most frequent first, of all sessions together', async () => {
  const { namespace, bot } = await newBot();
  const update = (chat_kind: string, calls: number, session = 's1') => {
    return { update_kind: 'message', outcome: 'handled', chat_kind, calls, session };
  };
  await history.usage(
    bot,
    update('private', 5),
    update('group', 2),
    update('private', 2, 's2'),
    update('', 1),
  );
  expect(await ask(chatKinds, '*', { namespace })).toEqual([
    { chatKind: 'private', updates: 7, percent: 70 },
    { chatKind: 'group', updates: 2, percent: 20 },
    { chatKind: '', updates: 1, percent: 10 },
  ]);
});

test('how many of those who were asked to join have joined', async () => {
  const { namespace, bot } = await newBot();
  const none = { prompted: 0, refused: 0, verified: 0, left: 0, successPercent: null };
  expect(await ask(verificationSummary, '*', { namespace })).toEqual(none);
  const event = (outcome: string, at = NOW) => ({ outcome, at });
  await history.verifications(
    bot,
    event('Prompted'),
    event('Prompted'),
    event('Prompted'),
    event('Refused'),
    event('Verified'),
    event('Left'),
    event('Verified', NOW - 8 * DAY),
  );
  expect(await ask(verificationSummary, '*', { namespace })).toEqual({
    prompted: 3,
    refused: 1,
    verified: 1,
    left: 1,
    successPercent: 33.3,
  });
});
