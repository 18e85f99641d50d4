import type { RetryStrategy } from '../../../api/retry.ts';

/** The first wait and the longest, in milliseconds. */
export interface DelayBounds {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** How many first waits the wait before retry number `retry` is long; 0 is the first retry. */
const GROWTH: Readonly<Record<RetryStrategy, (retry: number) => number>> = {
  Exponential: (retry) => 2 ** retry,
  Linear: (retry) => retry + 1,
  Fixed: () => 1,
  Fibonacci: fibonacci,
};

/**
 * The wait before retry number `retry` (0 is the first), in milliseconds and before jitter: with a
 * first wait of 1 s, Exponential waits 1, 2, 4, 8 s; Linear 1, 2, 3, 4; Fixed 1, 1, 1, 1;
 * Fibonacci 1, 2, 3, 5. Never more than `maxMs`.
 */
export function delayMs(
  strategy: RetryStrategy,
  { initialMs, maxMs }: DelayBounds,
  retry: number,
): number {
  return Math.min(maxMs, initialMs * GROWTH[strategy](retry));
}

function fibonacci(retry: number): number {
  let [last, next] = [1, 2];
  for (let step = 0; step < retry; step++) [last, next] = [next, last + next];
  return last;
}
