import type { Clock } from '../lib/clock.ts';

/** npm hands a Ctrl-C on to a child that the terminal has told already: one press, two signals. */
const SAME_PRESS_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Aborts at the first request to end. Who asks again more than a second later is not made to wait
 * any longer: `endNow` is called.
 */
export function abortOnSignals(clock: Clock, endNow: () => void): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (): void => {
    firstMs ??= clock.monotonicMs();
    controller.abort();
    if (clock.monotonicMs() - firstMs > SAME_PRESS_MS) endNow();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller.signal;
}

/**
 * Aborts as `signal` does, and when whoever started this process, with a channel to it, is gone:
 * nobody else would end it then.
 */
export function abortWithParent(signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  process.once('disconnect', () => gone.abort());
  // Not there where there never was a channel.
  if ('connected' in process && !process.connected) gone.abort();
  return AbortSignal.any([signal, gone.signal]);
}
