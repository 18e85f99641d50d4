import type { ColdStartLimits } from '../../api/cold-start.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Counts starts so that no stretch of a minute and none of an hour has more than the limits, however
 * the stretch lies. Pure: time comes in with each call, from the monotonic clock.
 */
export class StartBudget {
  #limits: ColdStartLimits;
  /** When the starts of the last hour were made, in order. */
  #startsMs: number[] = [];

  constructor(limits: ColdStartLimits) {
    this.#limits = limits;
  }

  /** Other limits from now on; what was started counts towards them. */
  setLimits(limits: ColdStartLimits): void {
    this.#limits = limits;
  }

  /** When the next `count` starts may be made, each as early as it may. */
  next(nowMs: number, count: number): number[] {
    const { perMinute, perHour } = this.#limits;
    const startsMs = this.#startsMs.slice();
    const known = startsMs.length;
    for (let made = 0; made < count; made++) {
      const ofMinute = startsMs.at(-perMinute) ?? -Infinity;
      const ofHour = startsMs.at(-perHour) ?? -Infinity;
      startsMs.push(Math.max(nowMs, ofMinute + MINUTE_MS, ofHour + HOUR_MS));
    }
    return startsMs.slice(known);
  }

  /** Counts a start that is made now. */
  take(nowMs: number): void {
    this.#forget(nowMs);
    this.#startsMs.push(nowMs);
  }

  /** Counts starts that others made, at these times. */
  restore(startsMs: readonly number[], nowMs: number): void {
    this.#startsMs = [...startsMs, ...this.#startsMs].toSorted((a, b) => a - b);
    this.#forget(nowMs);
  }

  #forget(nowMs: number): void {
    const first = this.#startsMs.findIndex((startMs) => startMs > nowMs - HOUR_MS);
    this.#startsMs = first < 0 ? [] : this.#startsMs.slice(first);
  }
}
