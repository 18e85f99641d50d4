import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LATENCY_BOUNDS_MS } from '../../../src/api/history-records.ts';
import { quantile } from '../../../src/history/queries/latency.ts';

const bucketOf = (ms: number): number => {
  const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return index === -1 ? LATENCY_BOUNDS_MS.length : index;
};

test('a quantile is within the bucket that the true one is in', () => {
  const latency = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 60_000 }));
  fc.assert(
    fc.property(
      fc.array(latency, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (latencies, share) => {
        const buckets = Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
        for (const ms of latencies) buckets[bucketOf(ms)] = (buckets[bucketOf(ms)] ?? 0) + 1;
        const ordered = latencies.toSorted((one, other) => one - other);
        const bucket = bucketOf(ordered[Math.ceil(share * ordered.length) - 1] ?? 0);
        const found = quantile(buckets, share) ?? -1;
        expect(found).toBeGreaterThanOrEqual(LATENCY_BOUNDS_MS[bucket - 1] ?? 0);
        expect(found).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[bucket] ?? 30_000);
      },
    ),
  );
});

test('of no calls there is none', () => {
  expect(quantile([0, 0, 0], 0.95)).toBeUndefined();
  expect(quantile([], 0.95)).toBeUndefined();
});
