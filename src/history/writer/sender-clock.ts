const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Closer than that, what differs may as well be the way from there to here. */
const TOLERANCE_MS = 5_000;
/** How old a record may be: its sender keeps it no longer while the database is away. */
const OLDEST_MS = 8 * DAY_MS;
const AHEAD_MS = 60_000;
/**
 * Whole hours are moved by the nearest hour. A clock in the wrong time zone is off by a multiple of
 * 15 minutes; the border lies between two of them, so that every telling comes to the same hour.
 */
const NEAREST_HOUR_MS = 37.5 * 60_000;

/** When a record happened, in ms since 1970. */
export interface Moment {
  readonly at: number;
  /** The sender's clock was off, and the time was moved or bounded. */
  readonly clockOff: boolean;
}

/** The clock of whoever sent a batch, compared with ours. */
export class SenderClock {
  readonly #nowMs: number;
  readonly #offMs: number;

  constructor(batchAtMs: number, nowMs: number) {
    this.#nowMs = nowMs;
    const offMs = nowMs - batchAtMs;
    this.#offMs = Math.abs(offMs) > TOLERANCE_MS ? offMs : 0;
  }

  /** `at` by our clock, neither older than 8 days nor ahead by more than a minute. */
  moment(at: number): Moment {
    const moved = at + this.#offMs;
    const bounded = Math.min(Math.max(moved, this.#nowMs - OLDEST_MS), this.#nowMs + AHEAD_MS);
    return { at: bounded, clockOff: this.#offMs !== 0 || bounded !== moved };
  }

  /**
   * The start of that hour by our clock. Undefined where no such hour can be: to bound it would add
   * its counts to those of another.
   */
  hour(hour: number): number | undefined {
    const moved = hour + Math.floor((this.#offMs + NEAREST_HOUR_MS) / HOUR_MS) * HOUR_MS;
    const isOld = moved < this.#nowMs - OLDEST_MS - HOUR_MS;
    return isOld || moved > this.#nowMs + HOUR_MS ? undefined : moved;
  }
}
