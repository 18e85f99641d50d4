import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { MoveBudget } from '../../src/planner/move-budget.ts';

it('lets as many begin in a minute as it may, and a second’s worth at once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.array(fc.nat(5_000), { maxLength: 100 }),
      (perMinute, waitsMs) => {
        const clock = new AdjustableClock();
        const budget = new MoveBudget(clock);
        const begun: { readonly atMs: number; readonly moves: number }[] = [];
        for (const waitMs of waitsMs) {
          clock.advance(waitMs);
          const moves = budget.available(perMinute);
          expect(moves).toBeLessThanOrEqual(Math.max(1, perMinute / 60));
          budget.spend(moves);
          begun.push({ atMs: clock.monotonicMs(), moves });
        }
        for (const { atMs: fromMs } of begun) {
          const inMinute = begun.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 60_000);
          const moves = inMinute.reduce((sum, each) => sum + each.moves, 0);
          expect(moves).toBeLessThanOrEqual(perMinute + Math.max(1, perMinute / 60));
        }
      },
    ),
  );
});

it('gives what was not used up, in time', () => {
  const clock = new AdjustableClock();
  const budget = new MoveBudget(clock);
  expect(budget.available(6)).toBe(1);
  budget.spend(1);
  clock.advance(9_000);
  expect(budget.available(6)).toBe(0);
  clock.advance(1_000);
  expect(budget.available(6)).toBe(1);
});
