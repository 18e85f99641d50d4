import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How the event loop did since the last reset. */
export interface LoopLoad {
  /** The part of the time in which it was not idle, from 0 to 1. */
  readonly utilization: number;
  /** How late it ran what was due. */
  readonly lag: LoopLag;
}

/** In milliseconds. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Measures the load of the event loop of this process. */
export interface LoopMeter extends Disposable {
  read(): LoopLoad;
  reset(): void;
}

/** How often the loop is looked at; what is late by less is not seen. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** A meter of the machine's own; it costs next to nothing, and measures until it is disposed of. */
export function startLoopMeter(): LoopMeter {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let sinceReset = performance.eventLoopUtilization();
  // An empty histogram has odd figures; each sample includes the pause that was meant.
  const lagMs = (ns: number): number =>
    histogram.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  return {
    read: () => ({
      utilization: performance.eventLoopUtilization(sinceReset).utilization,
      lag: {
        meanMs: lagMs(histogram.mean),
        p99Ms: lagMs(histogram.percentile(99)),
        maxMs: lagMs(histogram.max),
      },
    }),
    reset: () => {
      histogram.reset();
      sinceReset = performance.eventLoopUtilization();
    },
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
