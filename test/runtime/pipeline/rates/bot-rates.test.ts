import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Limits } from '../../../../src/api/limits.ts';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { sleep } from '../../../../src/lib/clock.ts';
import {
  type BotRateSettings,
  BotRates,
  type BotTurn,
} from '../../../../src/runtime/pipeline/rates/bot-rates.ts';
import type { Priority } from '../../../../src/runtime/pipeline/rates/waiting-line.ts';
import type { CallError } from '../../../../src/runtime/telegram/call-error.ts';

const LIMITS: Limits = { requestsPerSecond: 10, burst: 4, maxConcurrent: 3, weight: 1 };
const settingsWith = (limits: Limits): BotRateSettings => ({
  limits,
  retry: { rateLimit: { maxRetryAfter: '30s' } },
});
const signal = new AbortController().signal;

let clock: AdjustableClock;
let rates: BotRates;
/** Every call that was sent. */
let sent: { readonly chat: number; readonly atMs: number; readonly priority: Priority }[];
let arrived: number[];
let refused: CallError[];
let pauses: { readonly chat: number; readonly fromMs: number; readonly toMs: number }[];
let running: number;
let mostRunning: number;
beforeEach(() => begin(LIMITS));

function begin(limits: Limits): void {
  clock = new AdjustableClock();
  rates = new BotRates(settingsWith(limits), clock);
  sent = [];
  arrived = [];
  refused = [];
  pauses = [];
  running = 0;
  mostRunning = 0;
}

interface Call {
  readonly chat?: number;
  readonly method?: string;
  readonly priority?: Priority;
  /** How long Telegram takes, and when of that time the call arrives there. */
  readonly takesMs?: number;
  readonly arrival?: number;
  /** The pause that Telegram asks for. */
  readonly pauseMs?: number;
}

/** Makes a call, as the step of the pipeline does. */
async function call({ chat = 1, method = 'sendMessage', priority = 'reply', ...how }: Call) {
  const deadlineMs = clock.monotonicMs() + 60_000;
  const turn = rates.turn({ method, payload: { chat_id: chat } }, { priority, deadlineMs });
  try {
    do await rates.enter(turn, signal);
    while (!rates.send(turn));
    sent.push({ chat, atMs: clock.monotonicMs(), priority });
    arrived.push(clock.monotonicMs() + (how.takesMs ?? 0) * (how.arrival ?? 0));
    mostRunning = Math.max(mostRunning, ++running);
    await sleep(clock, how.takesMs ?? 0);
    running--;
    if (how.pauseMs !== undefined) {
      rates.pause(turn, how.pauseMs);
      const fromMs = clock.monotonicMs();
      pauses.push({ chat, fromMs, toMs: fromMs + how.pauseMs });
    }
  } catch (error) {
    refused.push(error as CallError);
  } finally {
    rates.leave(turn);
  }
}

const times = (): number[] => sent.map(({ atMs }) => atMs);

describe('the limits of a bot', () => {
  test('let a burst go, and the others evenly spread', async () => {
    for (let chat = 1; chat <= 7; chat++) void call({ chat });
    await clock.advanceAsync(1_000);
    expect(times()).toEqual([0, 0, 0, 0, 100, 200, 300]);
  });

  test('let no second see more than so many, whatever the burst', async () => {
    begin({ requestsPerSecond: 10, burst: 10, maxConcurrent: 100, weight: 1 });
    for (let chat = 1; chat <= 22; chat++) void call({ chat });
    await clock.advanceAsync(5_000);
    const inGroups = [0, 1_010, 2_020].map((at) => times().filter((atMs) => atMs === at).length);
    expect(inGroups).toEqual([10, 10, 2]);
  });

  test('let no more than so many be under way', async () => {
    for (let chat = 1; chat <= 7; chat++) void call({ chat, takesMs: 5_000 });
    await clock.advanceAsync(20_000);
    expect(mostRunning).toBe(3);
    expect(times()).toEqual([0, 0, 0, 5_000, 5_000, 5_000, 10_000]);
  });

  test('change while calls wait, and what was sent counts', async () => {
    for (let chat = 1; chat <= 6; chat++) void call({ chat, takesMs: 5_000 });
    await clock.advanceAsync(50);
    rates.apply(settingsWith({ ...LIMITS, maxConcurrent: 100 }));
    await clock.advanceAsync(20_000);
    expect(times()).toEqual([0, 0, 0, 50, 100, 200]);
  });
});

describe('a chat', () => {
  test('of a user gets three messages at once and then one a second', async () => {
    for (let index = 0; index < 6; index++) void call({ chat: 7 });
    await clock.advanceAsync(10_000);
    expect(times()).toEqual([0, 0, 0, 1_000, 2_000, 3_000]);
  });

  test('of a group gets twenty in a minute', async () => {
    begin({ ...LIMITS, requestsPerSecond: 1_000, burst: 1_000, maxConcurrent: 100 });
    for (let index = 0; index < 21; index++) void call({ chat: -7, takesMs: 100 });
    await clock.advanceAsync(60_000);
    expect(sent).toHaveLength(20);
    expect(refused[0]?.message).toContain('a group or channel gets 20 messages a minute at most');
  });

  test('is not limited in what is no message', async () => {
    for (let index = 0; index < 4; index++) void call({ chat: 7, method: 'editMessageText' });
    await clock.advanceAsync(0);
    expect(times()).toEqual([0, 0, 0, 0]);
  });

  test('that must wait holds up no other', async () => {
    for (let index = 0; index < 4; index++) void call({ chat: 7 });
    await clock.advanceAsync(500);
    void call({ chat: 8 });
    await clock.advanceAsync(10_000);
    expect(sent.map(({ chat }) => chat)).toEqual([7, 7, 7, 8, 7]);
  });
});

describe('a pause that Telegram asks for', () => {
  test('holds for its chat, for those that wait and for those that come', async () => {
    await Promise.all([call({ chat: 7, pauseMs: 5_000 }), clock.advanceAsync(0)]);
    void call({ chat: 7 });
    void call({ chat: 7, method: 'editMessageText' });
    void call({ chat: 8 });
    await clock.advanceAsync(4_999);
    expect(sent.map(({ chat }) => chat)).toEqual([7, 8]);
    await clock.advanceAsync(1);
    expect(sent.map(({ chat }) => chat)).toEqual([7, 8, 7, 7]);
  });

  test('holds for the bot when a second chat gets one meanwhile', async () => {
    await Promise.all([call({ chat: 7, pauseMs: 5_000 }), clock.advanceAsync(0)]);
    await clock.advanceAsync(1_000);
    await Promise.all([call({ chat: 8, pauseMs: 3_000 }), clock.advanceAsync(0)]);
    void call({ chat: 9 });
    await clock.advanceAsync(2_999);
    expect(sent).toHaveLength(2);
    await clock.advanceAsync(1);
    expect(sent).toHaveLength(3);
  });

  test('stays with its chat when the first is over', async () => {
    await Promise.all([call({ chat: 7, pauseMs: 5_000 }), clock.advanceAsync(0)]);
    await clock.advanceAsync(5_000);
    await Promise.all([call({ chat: 8, pauseMs: 3_000 }), clock.advanceAsync(0)]);
    await Promise.all([call({ chat: 9 }), clock.advanceAsync(0)]);
    expect(sent).toHaveLength(3);
  });

  test('for a method without a chat stays with the method', async () => {
    await Promise.all([
      call({ chat: 0, method: 'sendMessage', pauseMs: 1 }),
      clock.advanceAsync(0),
    ]);
    const turn = (method: string): BotTurn =>
      rates.turn({ method, payload: {} }, { priority: 'reply', deadlineMs: 60_000 });
    rates.pause(turn('setMyName'), 20_000);
    expect(rates.enter(turn('setMyCommands'), signal)).toBeUndefined();
    expect(rates.enter(turn('setMyName'), signal)).toBeInstanceOf(Promise);
  });

  test.each(['getMe', 'getUpdates'])('in answer to %s holds for the bot', async (method) => {
    const turn = rates.turn({ method, payload: {} }, { priority: 'reply', deadlineMs: 60_000 });
    rates.pause(turn, 2_000);
    void call({ chat: 1 });
    await clock.advanceAsync(2_000);
    expect(times()).toEqual([2_000]);
  });

  test('beyond what the bot waits for fails calls at once and says until when', async () => {
    await Promise.all([call({ chat: 7, pauseMs: 31_000 }), clock.advanceAsync(0)]);
    await call({ chat: 7 });
    expect(refused[0]).toMatchObject({ fault: 'held-back', retryAfterMs: 31_000 });
    expect(refused[0]?.message).toContain('a pause until 1970-01-01T00:00:31Z');
  });

  test('sends a call back that waits elsewhere', async () => {
    const turnOf = (chat: number): BotTurn =>
      rates.turn(
        { method: 'sendMessage', payload: { chat_id: chat } },
        { priority: 'reply', deadlineMs: 60_000 },
      );
    const [first, second] = [turnOf(7), turnOf(7)];
    for (const turn of [first, second]) expect(rates.enter(turn, signal)).toBeUndefined();
    expect(rates.send(first)).toBe(true);
    rates.pause(first, 5_000);
    expect(rates.send(second)).toBe(false);
    rates.leave(first);
    const again = rates.enter(second, signal);
    await clock.advanceAsync(5_000);
    await again;
    expect(rates.send(second)).toBe(true);
  });

  test('is not cut short by one that ends earlier', async () => {
    await Promise.all([call({ chat: 7, pauseMs: 9_000 }), clock.advanceAsync(0)]);
    const turn = rates.turn(
      { method: 'sendMessage', payload: { chat_id: 7 } },
      { priority: 'reply', deadlineMs: 60_000 },
    );
    rates.pause(turn, 0);
    rates.pause(turn, -1);
    void call({ chat: 7 });
    await clock.advanceAsync(9_000);
    expect(times()).toEqual([0, 9_000]);
  });
});

test('replies go before all else', async () => {
  for (let chat = 1; chat <= 20; chat++) void call({ chat, priority: 'background' });
  for (let chat = 21; chat <= 30; chat++) void call({ chat });
  await clock.advanceAsync(10_000);
  const order = sent.slice(3).map(({ priority }) => priority);
  expect(order.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'reply'));
  expect(order).toHaveLength(27);
});

test('an idle bot keeps nothing in mind, and no timer', async () => {
  for (let chat = 1; chat <= 9; chat++) void call({ chat });
  await clock.advanceAsync(10_000);
  rates.tidy();
  expect(clock.pendingTimers).toBe(0);
});

const calls = fc.array(
  fc.record({
    afterMs: fc.nat({ max: 100 }),
    chat: fc.constantFrom(-1, 1, 2, 3, 4, 5),
    method: fc.constantFrom('sendMessage', 'sendMessage', 'editMessageText'),
    priority: fc.constantFrom<Priority>('reply', 'background'),
    takesMs: fc.nat({ max: 800 }),
    arrival: fc.constantFrom(0, 0.5, 1),
    pauseMs: fc.option(fc.nat({ max: 3_000 }), { nil: undefined, freq: 10 }),
  }),
  { maxLength: 60 },
);
const settings = fc.record({
  requestsPerSecond: fc.integer({ min: 5, max: 10 }),
  burst: fc.integer({ min: 1, max: 5 }),
  maxConcurrent: fc.integer({ min: 1, max: 4 }),
  weight: fc.constant(1),
});

test('whatever comes: no limit is passed, no pause is broken, nobody is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(settings, calls, async (limits, script) => {
      begin(limits);
      for (const { afterMs, pauseMs, ...how } of script) {
        await clock.advanceAsync(afterMs);
        void call({ ...how, ...(pauseMs !== undefined && { pauseMs }) });
      }
      await clock.advanceAsync(120_000);
      expect(sent.length + refused.length).toBe(script.length);
      expect(clock.pendingTimers).toBe(0);
      expect(mostRunning).toBeLessThanOrEqual(limits.maxConcurrent);
      expect(mostWithin(arrived, 1_000)).toBeLessThanOrEqual(limits.requestsPerSecond);
      expect(mostWithin(times(), 1)).toBeLessThanOrEqual(limits.burst);
      for (const { chat, fromMs, toMs } of pauses) {
        const inPause = sent.filter((one) => one.chat === chat && one.atMs > fromMs);
        expect(inPause.filter(({ atMs }) => atMs < toMs)).toEqual([]);
      }
    }),
    { numRuns: 50 },
  );
});

/** The most in any stretch of so long. */
function mostWithin(of: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...of.map((from) => of.filter((at) => at >= from && at < from + windowMs).length),
  );
}
