import { LATENCY_BOUNDS_MS } from '../../api/history-records.ts';

/**
 * The `share` quantile (0.95: p95) in ms of calls that were counted by {@link LATENCY_BOUNDS_MS},
 * as if those of one bucket lay evenly in it; those beyond the last bound count as it. Undefined
 * without calls. It is never outside the bucket that the true value is in.
 */
export function quantile(buckets: readonly number[], share: number): number | undefined {
  const all = buckets.reduce((sum, calls) => sum + calls, 0);
  if (all === 0) return undefined;
  // Of n values in order, the quantile is the one at this place, from 1 on.
  const place = Math.max(1, Math.ceil(share * all));
  let before = 0;
  for (const [index, calls] of buckets.entries()) {
    if (before + calls >= place) {
      const low = LATENCY_BOUNDS_MS[index - 1] ?? 0;
      const high = LATENCY_BOUNDS_MS[index] ?? low;
      return low + ((high - low) * (place - before)) / calls;
    }
    before += calls;
  }
  return LATENCY_BOUNDS_MS.at(-1);
}
