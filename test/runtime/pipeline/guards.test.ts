import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { BotGuards } from '../../../src/runtime/pipeline/guards.ts';
import { momentOf } from '../../../src/runtime/pipeline/moment.ts';
import { botAssignment } from '../../support/assignments.ts';

const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
const BOT = botAssignment({ name: 'a', token: '1:a', handlers });
const BOTS = 10_000;

/** Bytes in use, with nothing in it that could be let go of. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('no garbage collector at hand');
  collect();
  return process.memoryUsage().heapUsed;
}

describe('the guards of idle bots', () => {
  test('weigh half a kilobyte each, and have no timers', () => {
    const clock = new AdjustableClock({ startWallMs: Date.UTC(2026, 0, 31) });
    const make = (): BotGuards => {
      const guards = new BotGuards(BOT, clock);
      guards.health.ended(undefined, undefined, momentOf(clock));
      return guards;
    };
    // What all of them share is there before it is measured.
    const first = make();
    const before = heapBytes();
    const all = Array.from({ length: BOTS }, make);
    expect((heapBytes() - before) / BOTS).toBeLessThanOrEqual(512);
    expect(clock.pendingTimers).toBe(0);
    expect(all).not.toContain(first);
  });
});

describe('a change', () => {
  test('is told once', () => {
    const clock = new AdjustableClock();
    const guards = new BotGuards(BOT, clock);
    expect(guards.takeChange()).toBe(false);
    guards.breaker.open(momentOf(clock));
    expect(guards.takeChange()).toBe(true);
    expect(guards.takeChange()).toBe(false);
  });

  test('is none where a bot goes on as it was', () => {
    const clock = new AdjustableClock();
    const before = new BotGuards(BOT, clock);
    before.breaker.open(momentOf(clock));
    const counters = { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 };
    const resume = { counters, ...before.facts(0) };
    const guards = new BotGuards({ ...BOT, resume }, clock);
    expect(guards.takeChange()).toBe(false);
    expect(guards.facts(0)).toEqual(before.facts(0));
  });
});
