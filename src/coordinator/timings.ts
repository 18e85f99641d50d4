/** The times that leases of capacity go by, in milliseconds. */
export interface LeaseTimings {
  /** How long a shard goes by the limits of a grant, on its own clock, from when it asked. */
  readonly lifeMs: number;
  /** A call reaches Telegram so soon after it was made, or never. In true time. */
  readonly flightMs: number;
  /** A shard that was not heard for so long gets nothing new; what it has is kept for it. */
  readonly silentMs: number;
}

/** A life outlasts the change from a killed leader to the next, so that none is noticed. */
export const LEASE_TIMINGS: LeaseTimings = { lifeMs: 15_000, flightMs: 3_000, silentMs: 3_500 };

/** By how much the clock of the leader may run faster than that of a shard: 20 % fast, 20 % slow. */
const CLOCK_MARGIN = 1.2 / 0.8;
const SECOND_MS = 1_000;

/** How long the leader counts calls of a shard that makes no more: until no second has one. */
export function restMs({ flightMs }: LeaseTimings): number {
  return (flightMs + SECOND_MS) * CLOCK_MARGIN;
}

/** How long the leader counts the limits of a grant from when it was made. */
export function countedMs(timings: LeaseTimings): number {
  return timings.lifeMs * CLOCK_MARGIN + restMs(timings);
}
