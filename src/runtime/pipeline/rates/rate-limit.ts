/**
 * Lets only so much through. Pure: time comes in with each call, from the monotonic clock, and
 * never goes back.
 */
export interface RateLimit {
  /**
   * The earliest time at which one more may pass when `ahead` others go before it, each as early
   * as it may; `nowMs` where it may at once.
   */
  earliestMs(nowMs: number, ahead: number): number;
  /** Counts one that passes now. */
  add(nowMs: number): void;
  /** Whether nothing that has passed still counts, so that the limit may be forgotten. */
  isIdle(nowMs: number): boolean;
}
