import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from './clock.ts';

/** What fires at the same moment. */
interface Batch {
  readonly timer: Timer;
  readonly callbacks: Map<object, () => void>;
}

/**
 * `clock` with timers that fire together, at whole multiples of `grainMs`: up to a grain later than
 * asked for, never earlier. A thousand of them wake the process no more often than one. Each
 * callback runs in the async context of who set it; what it throws is thrown there, and keeps no
 * other waiting.
 */
export function withCoarseTimers(clock: Clock, grainMs: number): Clock {
  const batches = new Map<number, Batch>();

  const batchAt = (dueMs: number, nowMs: number): Batch => {
    const known = batches.get(dueMs);
    if (known) return known;
    const fire = (): void => {
      batches.delete(dueMs);
      for (const [scope, callback] of batch.callbacks) {
        batch.callbacks.delete(scope);
        callback();
      }
    };
    const batch = { timer: clock.setTimer(dueMs - nowMs, fire), callbacks: new Map() };
    batches.set(dueMs, batch);
    return batch;
  };

  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer(delayMs, callback) {
      const nowMs = clock.monotonicMs();
      const dueMs = Math.ceil((nowMs + Math.max(0, delayMs)) / grainMs) * grainMs;
      const batch = batchAt(dueMs, nowMs);
      const scope = new AsyncResource('CoarseTimer');
      batch.callbacks.set(scope, () => scope.runInAsyncScope(runAlone, undefined, callback));
      return {
        cancel() {
          const wasLast = batch.callbacks.delete(scope) && batch.callbacks.size === 0;
          if (!wasLast || batches.get(dueMs) !== batch) return;
          batch.timer.cancel();
          batches.delete(dueMs);
        },
      };
    },
  };
}

/** A defect in one callback is an uncaught error in its context, and ends no loop. */
function runAlone(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
