import { beforeEach, describe, expect, test } from 'vitest';
import type { Cooldown, Cooldowns } from '../../../../src/api/cooldown.ts';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { toTimestamp } from '../../../../src/lib/clock.ts';
import { momentOf } from '../../../../src/runtime/pipeline/moment.ts';
import { BotRates } from '../../../../src/runtime/pipeline/rates/bot-rates.ts';

const SETTINGS = {
  limits: { requestsPerSecond: 30, burst: 30, maxConcurrent: 10, weight: 1 },
  retry: { rateLimit: { maxRetryAfter: '30s' } },
} as const;
const HOUR_MS = 3_600_000;

let clock: AdjustableClock;
beforeEach(() => {
  clock = new AdjustableClock();
});

function makeRates(): BotRates {
  return new BotRates(SETTINGS, clock);
}

/** Telegram answers a call with a pause. */
function paused(rates: BotRates, forMs: number, { chat = 1, method = 'sendMessage' } = {}): void {
  rates.pause(turnOf(rates, { chat, method }), forMs);
}

function turnOf(rates: BotRates, { chat = 1, method = 'sendMessage' }) {
  const deadlineMs = clock.monotonicMs() + 4 * HOUR_MS;
  const payload = method === 'sendMessage' ? { chat_id: chat } : {};
  return rates.turn({ method, payload }, { priority: 'reply', deadlineMs });
}

/** In how long a call may be made. */
function waitMs(rates: BotRates, call: { chat?: number; method?: string } = {}): number {
  const turn = turnOf(rates, call);
  const nowMs = clock.monotonicMs();
  return Math.max(rates.openMs(nowMs, 0), rates.laneMs(turn, nowMs, 0)) - nowMs;
}

function goingOn(told: Cooldowns): BotRates {
  const rates = makeRates();
  rates.resume(JSON.parse(JSON.stringify(told)) as Cooldowns, momentOf(clock));
  return rates;
}

const told = (rates: BotRates): Cooldowns => rates.cooldowns(clock.monotonicMs());

/** A cooldown as a status shows it, in seconds from now. */
const from = (sinceS: number, untilS: number) => ({
  since: toTimestamp(clock.wallMs() + sinceS * 1_000),
  until: toTimestamp(clock.wallMs() + untilS * 1_000),
});

describe('pauses that Telegram asked for', () => {
  test('are told while they last, and go on elsewhere', async () => {
    const rates = makeRates();
    expect(told(rates)).toEqual({});
    paused(rates, 20_000);
    paused(rates, 60_000, { method: 'setMyName' });
    const before = told(rates);
    expect(before).toEqual({
      chatCooldowns: [
        { of: 'setMyName', ...from(0, 60) },
        { of: 1, ...from(0, 20) },
      ],
    });
    await clock.advanceAsync(5_000);
    const next = goingOn(told(rates));
    expect(waitMs(next)).toBe(15_000);
    expect(waitMs(next, { method: 'setMyName' })).toBe(55_000);
    expect(waitMs(next, { chat: 2 })).toBe(0);
    // Nothing to write again.
    expect(told(next)).toEqual(before);
    await clock.advanceAsync(15_000);
    expect(waitMs(next)).toBe(0);
    expect(told(next).chatCooldowns).toHaveLength(1);
    await clock.advanceAsync(40_000);
    expect(told(next)).toEqual({});
    expect(told(goingOn(before))).toEqual({});
  });

  test('hold for the bot again where they did', () => {
    const rates = makeRates();
    paused(rates, 20_000, { chat: 1 });
    paused(rates, 8_000, { chat: 2 });
    expect(told(rates).cooldown).toEqual(from(0, 8));
    const next = goingOn(told(rates));
    expect(waitMs(next, { chat: 3 })).toBe(8_000);
    // A chat that is paused from before counts as one when another is.
    const { chatCooldowns = [] } = told(rates);
    const third = goingOn({ chatCooldowns: chatCooldowns.slice(0, 1) });
    expect(waitMs(third, { chat: 3 })).toBe(0);
    paused(third, 5_000, { chat: 2 });
    expect(waitMs(third, { chat: 3 })).toBe(5_000);
  });

  test('hold for polls, and the getMe before them, where a poll was asked for one', () => {
    const rates = makeRates();
    rates.pauseAll('getUpdates', 9_000);
    const next = goingOn(told(rates));
    expect(next.pausedMs('getUpdates')).toBe(9_000);
    expect(next.pausedMs('getMe', 'getUpdates')).toBe(9_000);
    expect(next.pausedMs('getMe')).toBe(0);
    expect(waitMs(next)).toBe(9_000);
    paused(rates, 20_000);
    expect(goingOn(told(rates)).pausedMs('getUpdates')).toBe(9_000);
  });

  test('are told of sixteen chats at most: the longest', () => {
    const rates = makeRates();
    for (let chat = 1; chat <= 100; chat++) paused(rates, chat * 1_000, { chat });
    const { chatCooldowns = [] } = told(rates);
    expect(chatCooldowns.map(({ of }) => of)).toEqual(
      Array.from({ length: 16 }, (_, index) => 100 - index),
    );
    const more = Array.from({ length: 60 }, (_, of) => ({ of, ...from(0, 60) }));
    expect(told(goingOn({ chatCooldowns: more })).chatCooldowns).toHaveLength(16);
  });

  test.each<[string, () => Cooldown, number]>([
    ['no time', () => ({ since: 'x', until: 'y' }), 0],
    ['no end', () => ({ since: from(0, 0).since, until: '' }), 0],
    ['the wrong way round', () => from(60, 0), 0],
    ['of no length', () => from(60, 60), 0],
    ['over', () => from(-60, -1), 0],
    ['by a clock an hour ahead', () => from(3_600, 3_608), 8_000],
    ['of years', () => from(0, 1e9), HOUR_MS],
    ['of years, begun years ago', () => from(-1e8, 1e9), HOUR_MS],
  ])('count for no more than makes sense: %s', (_, cooldown, leftMs) => {
    expect(waitMs(goingOn({ cooldown: cooldown() }))).toBe(leftMs);
    expect(waitMs(goingOn({ chatCooldowns: [{ of: 1, ...cooldown() }] }))).toBe(leftMs);
  });
});
