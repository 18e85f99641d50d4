import { expect, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { ErrorBoundary } from '../../src/runtime/bot/boundary.ts';
import { Sweep, type SweepTask } from '../../src/runtime/sweep.ts';

test('looks no earlier than asked for, up to a tenth and a second later, each at its own pace', () => {
  const clock = new AdjustableClock();
  const sweep = new Sweep(clock, seededRandom(1));
  const pausesMs = [15_000, 300_000, 86_400_000];
  const looks = pausesMs.map((pauseMs) => {
    const timesMs: number[] = [];
    sweep.add(pauseMs, () => {
      timesMs.push(clock.monotonicMs());
      return pauseMs;
    });
    return { pauseMs, timesMs };
  });
  clock.advance(3 * 86_400_000);
  for (const { pauseMs, timesMs } of looks) {
    expect(timesMs.length).toBeGreaterThanOrEqual(2);
    for (const [index, timeMs] of timesMs.entries()) {
      const pausedMs = timeMs - (timesMs[index - 1] ?? 0);
      expect(pausedMs).toBeGreaterThanOrEqual(pauseMs);
      expect(pausedMs).toBeLessThanOrEqual(pauseMs * 1.1 + 1_000);
    }
  }
});

test('ten thousand things that began together spread, and need one timer', () => {
  const clock = new AdjustableClock();
  const sweep = new Sweep(clock, seededRandom(2));
  let looks = 0;
  const tasks = Array.from({ length: 10_000 }, () =>
    sweep.add(300_000, () => {
      looks++;
      return 300_000;
    }),
  );
  expect(clock.pendingTimers).toBe(1);
  clock.advance(300_000);
  for (let second = 0; second < 30; second++) {
    const before = looks;
    clock.advance(1_000);
    expect(looks - before).toBeLessThan(500);
  }
  clock.advance(1_000);
  expect(looks).toBe(10_000);
  expect(clock.pendingTimers).toBe(1);
  for (const task of tasks) task.cancel();
  expect(clock.pendingTimers).toBe(0);
});

test('a visit that asks for no other is the last, and so is one that cancels itself', () => {
  const clock = new AdjustableClock();
  const sweep = new Sweep(clock, () => 0);
  let looks = 0;
  sweep.add(1_000, () => {
    looks++;
    return undefined;
  });
  const task: SweepTask = sweep.add(1_000, () => {
    looks++;
    task.cancel();
    return 1_000;
  });
  clock.advance(60_000);
  expect(looks).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});

test('a visit runs in the name of who added it, be that nobody', () => {
  const clock = new AdjustableClock();
  const boundary = new ErrorBoundary();
  const sweep = new Sweep(clock, () => 0, boundary);
  const owners = [{ fail: () => undefined }, undefined, { fail: () => undefined }];
  const seen: unknown[] = [];
  for (const owner of owners) {
    boundary.run(owner, () =>
      sweep.add(1_000, () => {
        seen.push(boundary.owner);
        return undefined;
      }),
    );
  }
  clock.advance(1_000);
  expect(seen).toEqual(owners);
});
