import type { ElectionTimings } from '../../src/kube/elector-timings.ts';

/** Short, so that tests see many elections. */
export const SHORT_TIMINGS: ElectionTimings = {
  leaseDurationMs: 2000,
  renewDeadlineMs: 1200,
  retryPeriodMs: 300,
};
