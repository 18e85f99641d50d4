import { describe, expect, it } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { sleep, systemClock, toTimestamp } from '../../src/lib/clock.ts';

describe('AdjustableClock', () => {
  it('stands still until it is told to move', () => {
    const clock = new AdjustableClock({ startWallMs: 1000 });
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1000, 0]);
    clock.advance(250);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1250, 250]);
  });

  it('fires timers in the order of their times, each at its own time', () => {
    const clock = new AdjustableClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`);
    clock.setTimer(30, note('c'));
    clock.setTimer(10, note('a'));
    clock.setTimer(10, note('b'));
    clock.setTimer(99, note('later'));
    clock.advance(50);
    expect(fired).toEqual(['a@10', 'b@10', 'c@30']);
    expect(clock.pendingTimers).toBe(1);
  });

  it('fires timers that fired timers set, within the same move', () => {
    const clock = new AdjustableClock();
    const at: number[] = [];
    const again = (): void => {
      at.push(clock.monotonicMs());
      if (at.length < 3) clock.setTimer(10, again);
    };
    clock.setTimer(10, again);
    clock.advance(100);
    expect(at).toEqual([10, 20, 30]);
  });

  it('lets promises run between timers with advanceAsync', async () => {
    const clock = new AdjustableClock();
    const at: number[] = [];
    const loop = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(clock, 10);
        at.push(clock.monotonicMs());
      }
    })();
    await clock.advanceAsync(100);
    await loop;
    expect(at).toEqual([10, 20, 30]);
  });

  it('runs on by itself over another clock, and can be moved ahead of it', () => {
    const base = new AdjustableClock({ startWallMs: 5000 });
    const ahead = new AdjustableClock({ base });
    const fired: number[] = [];
    ahead.setTimer(100, () => fired.push(ahead.monotonicMs()));
    ahead.setTimer(300, () => fired.push(ahead.monotonicMs()));
    base.advance(100);
    expect(fired).toEqual([100]);
    ahead.advance(200);
    expect(fired).toEqual([100, 300]);
    base.advance(1000);
    expect(fired).toEqual([100, 300]);
    expect(ahead.wallMs()).toBe(5000 + 1100 + 200);
  });

  it('forgets cancelled timers', () => {
    const clock = new AdjustableClock();
    clock.setTimer(10, () => expect.unreachable()).cancel();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(100);
  });
});

describe('sleep', () => {
  it('ends with the reason of the signal, and leaves no timer behind', async () => {
    const clock = new AdjustableClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 1000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not begin under a signal that has aborted', async () => {
    const clock = new AdjustableClock();
    await expect(sleep(clock, 1000, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(clock.pendingTimers).toBe(0);
  });

  it('works on the machine’s clock, which takes delays of any length', async () => {
    await sleep(systemClock, -5);
    const timer = systemClock.setTimer(2 ** 40, () => expect.unreachable());
    await sleep(systemClock, 5);
    timer.cancel();
  });
});

describe('toTimestamp', () => {
  it('writes what Kubernetes writes', () => {
    expect(toTimestamp(Date.UTC(2026, 0, 31, 12, 0, 0, 999))).toBe('2026-01-31T12:00:00Z');
  });
});
