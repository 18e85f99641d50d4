import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RETRY_STRATEGIES, type RetryStrategy } from '../../../../src/api/retry.ts';
import { delayMs } from '../../../../src/runtime/pipeline/retries/strategy.ts';

const BOUNDS = { initialMs: 100, maxMs: 1_500 };

describe('the waits of', () => {
  test.each<[RetryStrategy, number[]]>([
    ['Exponential', [100, 200, 400, 800, 1_500, 1_500, 1_500]],
    ['Linear', [100, 200, 300, 400, 500, 600, 700]],
    ['Fixed', [100, 100, 100, 100, 100, 100, 100]],
    ['Fibonacci', [100, 200, 300, 500, 800, 1_300, 1_500]],
  ])('%s', (strategy, waits) => {
    expect(waits.map((_, retry) => delayMs(strategy, BOUNDS, retry))).toEqual(waits);
  });
});

test('no wait is above the longest, below the first or shorter than the one before', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RETRY_STRATEGIES),
      fc.integer({ min: 1, max: 3_600_000 }),
      fc.integer({ min: 1, max: 3_600_000 }),
      fc.nat({ max: 2_000 }),
      (strategy, one, other, retry) => {
        const bounds = { initialMs: Math.min(one, other), maxMs: Math.max(one, other) };
        const wait = delayMs(strategy, bounds, retry);
        expect(wait).toBeGreaterThanOrEqual(bounds.initialMs);
        expect(wait).toBeLessThanOrEqual(bounds.maxMs);
        expect(delayMs(strategy, bounds, retry + 1)).toBeGreaterThanOrEqual(wait);
      },
    ),
  );
});
