import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { errorMessage } from '../../../src/lib/errors.ts';
import { ErrorBoundary } from '../../../src/runtime/bot/boundary.ts';
import { Heartbeat } from '../../../src/runtime/bot/heartbeat.ts';
import { Heartbeats } from '../../../src/runtime/bot/heartbeats.ts';
import { Sweep } from '../../../src/runtime/sweep.ts';

/** All heartbeats of a runtime, under a clock of their own. */
function world() {
  const clock = new AdjustableClock();
  const boundary = new ErrorBoundary();
  const sweep = new Sweep(clock, () => 0.5, boundary);
  const heartbeats = new Heartbeats({ clock, sweep, boundary });
  return { clock, boundary, heartbeats };
}

/** One more heartbeat, with a limit that can be changed, and what was told of it. */
function join({ clock, boundary, heartbeats }: ReturnType<typeof world>, limitMs: number) {
  const hung: string[] = [];
  const owners: unknown[] = [];
  const settings = { limitMs };
  const host = {
    get heartbeatMs() {
      return settings.limitMs;
    },
    onLook: () => void owners.push(boundary.owner),
    fail: (error: unknown) => void hung.push(errorMessage(error)),
  };
  const heartbeat = new Heartbeat({ clock, boundary, heartbeats }, host);
  heartbeat.watch();
  return { hung, owners, settings, heartbeat, host };
}

function watched(limitMs = 300_000) {
  const all = world();
  return { ...all, ...join(all, limitMs) };
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
  const { clock, hung, heartbeats, heartbeat } = watched();
  expect([...heartbeats]).toEqual([heartbeat]);
  heartbeat.unwatch();
  expect([...heartbeats]).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
  clock.advance(86_400_000);
  expect(hung).toEqual([]);
});

test('thousands share one timer, and each is looked at in the name of its own', () => {
  const all = world();
  const bots = Array.from({ length: 1_000 }, () => join(all, 300_000));
  expect(all.clock.pendingTimers).toBe(1);
  all.clock.advance(67_000);
  for (const { owners, host } of bots) expect(owners).toEqual([host]);
});

test('one that joins late is found as soon as if it were alone, and no other with it', () => {
  const all = world();
  const patient = join(all, 86_400_000);
  all.clock.advance(1_000);
  const hasty = join(all, 10_000);
  all.clock.advance(12_000);
  expect(hasty.hung).toHaveLength(1);
  expect(patient.hung).toEqual([]);
});
