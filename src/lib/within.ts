import type { Clock } from './clock.ts';

/**
 * What `promise` comes to, or undefined once it has taken longer than `limitMs`; it is left behind
 * then, and a rejection of it that comes later goes nowhere.
 */
export async function within<Value>(
  clock: Clock,
  limitMs: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = clock.setTimer(limitMs, () => late.resolve(undefined));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    timer.cancel();
  }
}
