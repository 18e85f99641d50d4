import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { withCoarseTimers } from '../../src/lib/coarse-timers.ts';

function coarse() {
  const clock = new AdjustableClock();
  return { clock, timers: withCoarseTimers(clock, 100) };
}

test('timers fire up to a grain late, never early, and those of a grain share one', () => {
  const { clock, timers } = coarse();
  const firedMs: [number, number][] = [];
  for (let delayMs = 201; delayMs <= 400; delayMs++) {
    timers.setTimer(delayMs, () => firedMs.push([delayMs, clock.monotonicMs()]));
  }
  expect(clock.pendingTimers).toBe(2);
  clock.advance(400);
  expect(firedMs).toHaveLength(200);
  for (const [delayMs, atMs] of firedMs) expect(atMs).toBe(Math.ceil(delayMs / 100) * 100);
  expect(clock.pendingTimers).toBe(0);
});

test('a cancelled timer does not fire, be it by one that fires with it', () => {
  const { clock, timers } = coarse();
  const fired: string[] = [];
  timers.setTimer(10, () => {
    fired.push('first');
    second.cancel();
    timers.setTimer(0, () => fired.push('third'));
  });
  const second = timers.setTimer(20, () => fired.push('second'));
  timers.setTimer(300, () => fired.push('never')).cancel();
  expect(clock.pendingTimers).toBe(1);
  clock.advance(100);
  clock.advance(100);
  expect(fired).toEqual(['first', 'third']);
  expect(clock.pendingTimers).toBe(0);
});

test('each fires in the context of who set it', () => {
  const { clock, timers } = coarse();
  const owner = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const note = (): void => {
    timers.setTimer(10, () => seen.push(owner.getStore()));
  };
  owner.run('a', note);
  owner.run('b', note);
  note();
  clock.advance(100);
  expect(seen).toEqual(['a', 'b', undefined]);
});
