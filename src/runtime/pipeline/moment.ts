import type { Clock } from '../../lib/clock.ts';

/** A point in time on both clocks: the one for durations, and the one that people read. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Now, as `clock` says. */
export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}
