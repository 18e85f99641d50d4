import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pace } from '../../../../src/runtime/pipeline/rates/pace.ts';
import { SlidingWindow } from '../../../../src/runtime/pipeline/rates/sliding-window.ts';

/** Whether one more may pass at `nowMs` after those of `passed`. */
type Oracle = (passed: readonly number[], nowMs: number) => boolean;

const windowOracle =
  (limit: number, windowMs: number): Oracle =>
  (passed, nowMs) =>
    passed.filter((atMs) => atMs > nowMs - windowMs).length < limit;

/** From every one that has passed until now: no more than the burst and what time has brought. */
const paceOracle =
  (intervalMs: number, burst: number): Oracle =>
  (passed, nowMs) =>
    passed.every((atMs, index) => {
      const counted = passed.length - index + 1;
      return counted <= burst + (nowMs - atMs) / intervalMs;
    });

/** When one may pass after `ahead` others, found by trying every millisecond. */
function earliest(oracle: Oracle, passed: readonly number[], nowMs: number, ahead: number): number {
  const all = [...passed];
  let atMs = nowMs;
  for (let index = 0; ; index++) {
    while (!oracle(all, atMs)) atMs++;
    if (index === ahead) return atMs;
    all.push(atMs);
  }
}

const steps = fc.array(
  fc.record({
    afterMs: fc.nat({ max: 12 }),
    ahead: fc.nat({ max: 12 }),
    tries: fc.nat({ max: 3 }),
  }),
  { maxLength: 60 },
);

test('a window lets through all that it may, and never more, however the window lies', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 30 }), steps, (...of) => {
      const [limit, windowMs, script] = of;
      expectAsOracle(new SlidingWindow(limit, windowMs), windowOracle(limit, windowMs), script);
    }),
  );
});

test('a pace lets through all that it may, and never more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5 }), steps, (...of) => {
      const [intervalMs, burst, script] = of;
      expectAsOracle(new Pace(intervalMs, burst), paceOracle(intervalMs, burst), script);
    }),
  );
});

function expectAsOracle(
  limit: SlidingWindow | Pace,
  oracle: Oracle,
  script: readonly { readonly afterMs: number; readonly ahead: number; readonly tries: number }[],
): void {
  const passed: number[] = [];
  let nowMs = 1_000;
  for (const { afterMs, ahead, tries } of script) {
    nowMs += afterMs;
    expect(limit.earliestMs(nowMs, ahead)).toBe(earliest(oracle, passed, nowMs, ahead));
    for (let attempt = 0; attempt < tries; attempt++) {
      if (limit.earliestMs(nowMs, 0) > nowMs) continue;
      limit.add(nowMs);
      passed.push(nowMs);
    }
  }
}

test('a window that changes goes on with what has passed', () => {
  const limits = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ limit: limits, afterMs: fc.nat({ max: 12 }) }), { maxLength: 60 }),
      (changes) => {
        const window = new SlidingWindow(3, 20);
        const passed: number[] = [];
        let nowMs = 0;
        for (const { limit, afterMs } of changes) {
          nowMs += afterMs;
          window.resize(limit, 20);
          const may = windowOracle(limit, 20)(passed, nowMs);
          expect(window.earliestMs(nowMs, 0) <= nowMs).toBe(may);
          if (!may) continue;
          window.add(nowMs);
          passed.push(nowMs);
        }
      },
    ),
  );
});

test('what passed long ago is forgotten', () => {
  const window = new SlidingWindow(1_000, 1_000);
  for (let nowMs = 0; nowMs < 100_000; nowMs++) {
    expect(window.earliestMs(nowMs, 0)).toBe(nowMs);
    window.add(nowMs);
  }
  expect(window.isIdle(100_998)).toBe(false);
  expect(window.isIdle(100_999)).toBe(true);
});
