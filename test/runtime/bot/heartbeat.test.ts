import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { errorMessage } from '../../../src/lib/errors.ts';
import { Heartbeat } from '../../../src/runtime/bot/heartbeat.ts';
import { Sweep } from '../../../src/runtime/sweep.ts';

/** A heartbeat with a limit that can be changed, and what was told of it. */
function watched(limitMs = 300_000) {
  const clock = new AdjustableClock();
  const hung: string[] = [];
  const all = new Set<Heartbeat>();
  const settings = { limitMs };
  const host = {
    get heartbeatMs() {
      return settings.limitMs;
    },
    fail: (error: unknown) => void hung.push(errorMessage(error)),
  };
  const sweep = new Sweep(clock, () => 0.5);
  const heartbeat = new Heartbeat({ clock, sweep, heartbeats: all }, host);
  heartbeat.watch();
  return { clock, hung, all, settings, heartbeat };
}

test('silence up to the limit is none, beyond it the bot hangs, and that is told once', () => {
  const { clock, hung, heartbeat } = watched();
  clock.advance(299_999);
  expect(heartbeat.isOverdue).toBe(false);
  clock.advance(1);
  expect(heartbeat.isOverdue).toBe(true);
  clock.advance(120_000);
  expect(hung).toHaveLength(1);
  expect(hung[0]).toMatch(/for 3\d\d s .*heartbeatSeconds/);
});

test('one sign of life within the limit is enough, for a day', () => {
  const { clock, hung, heartbeat } = watched();
  for (let minutes = 0; minutes < 24 * 60; minutes += 4) {
    clock.advance(240_000);
    heartbeat.beat();
  }
  expect(hung).toEqual([]);
});

test('an intake that says that it will rest is silent from then on', () => {
  const { clock, hung, heartbeat } = watched();
  heartbeat.beat(600_000);
  clock.advance(600_000 + 299_000);
  expect(hung).toEqual([]);
  clock.advance(120_000);
  expect(hung).toHaveLength(1);
});

test('a shorter limit is in effect within a minute or so', () => {
  const { clock, hung, settings } = watched(86_400_000);
  clock.advance(100_000);
  settings.limitMs = 60_000;
  clock.advance(67_000);
  expect(hung).toHaveLength(1);
});

test('who is no longer watched neither hangs nor leaves a timer', () => {
  const { clock, hung, all, heartbeat } = watched();
  expect([...all]).toEqual([heartbeat]);
  heartbeat.unwatch();
  expect(all.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  clock.advance(86_400_000);
  expect(hung).toEqual([]);
});
