import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RetryBudget } from '../../../../src/runtime/pipeline/retries/retry-budget.ts';

test('over any time, retries are a fifth of the calls, one a second and what was saved', () => {
  const events = fc.array(fc.record({ isRetry: fc.boolean(), afterMs: fc.nat({ max: 300 }) }), {
    minLength: 1,
    maxLength: 400,
  });
  fc.assert(
    fc.property(events, (script) => {
      const budget = new RetryBudget(0);
      /** After each event: how late it is, and how many calls and retries there were. */
      const sums = [{ nowMs: 0, calls: 0, retries: 0 }];
      for (const { isRetry, afterMs } of script) {
        const before = sums.at(-1) ?? { nowMs: 0, calls: 0, retries: 0 };
        const sum = { ...before, nowMs: before.nowMs + afterMs };
        if (!isRetry) {
          sum.calls++;
          budget.deposit();
        } else if (budget.withdraw(sum.nowMs)) sum.retries++;
        sums.push(sum);
      }
      for (const [index, from] of sums.entries()) {
        const saved = index === 0 ? 10 : 50;
        for (const to of sums.slice(index + 1)) {
          const free = (to.nowMs - from.nowMs) / 1_000;
          const allowed = saved + (to.calls - from.calls) / 5 + free;
          expect(to.retries - from.retries).toBeLessThanOrEqual(allowed + 1e-9);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a storm gets a fifth', () => {
  const budget = new RetryBudget(0);
  let retries = 0;
  for (let call = 0; call < 10_000; call++) {
    budget.deposit();
    for (let retry = 0; retry < 2; retry++) if (budget.withdraw(0)) retries++;
  }
  expect(retries).toBe(2_010);
});

test('a shard that makes few calls may retry all the same', () => {
  const budget = new RetryBudget(0);
  for (let minute = 1; minute <= 60; minute++) {
    budget.deposit();
    expect(budget.withdraw(minute * 60_000)).toBe(true);
    expect(budget.withdraw(minute * 60_000)).toBe(true);
  }
});
