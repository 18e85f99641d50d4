import { performance } from 'node:perf_hooks';

/** What a process did in some stretch of time. */
export interface ProcessLoad {
  /** Its CPU, all threads together, as a share of one core. */
  readonly cpu: number;
  /** The part of the time in which its event loop was not idle. */
  readonly busy: number;
  /** How often a second something else took a core from one of its threads. */
  readonly preempted: number;
}

/** Begins a stretch; the function that it returns tells of it. */
export function beginLoad(): () => ProcessLoad {
  const startMs = performance.now();
  const used = process.resourceUsage();
  const loop = performance.eventLoopUtilization();
  return () => {
    const tookMs = performance.now() - startMs;
    const now = process.resourceUsage();
    const since = (field: keyof NodeJS.ResourceUsage): number => now[field] - used[field];
    return {
      cpu: (since('userCPUTime') + since('systemCPUTime')) / 1_000 / tookMs,
      busy: performance.eventLoopUtilization(loop).utilization,
      preempted: since('involuntaryContextSwitches') / (tookMs / 1_000),
    };
  };
}
