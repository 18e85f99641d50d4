import type { Clock } from '../lib/clock.ts';

/**
 * So long after it was sent, an answered request still tells who owns what. A leader gives nobody's
 * bots to others before twice as long, and so well after this even where the two clocks run a fifth
 * too slow and too fast.
 */
const CONTACT_MS = 5_000;

/** Whether a leader was heard lately: by when the requests were sent that it has answered. */
export class Contact {
  readonly #clock: Clock;
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether an answer to a request that was sent then may still be followed. */
  isTimely(sentMs: number): boolean {
    return this.#clock.monotonicMs() - sentMs < CONTACT_MS;
  }

  /** A leader has answered a request that was sent then. */
  heard(sentMs: number): void {
    this.#sentMs = Math.max(this.#sentMs, sentMs);
  }

  /** The leader does not take this runtime for the one that hosts the shard. */
  refused(): void {
    this.#sentMs = Number.NEGATIVE_INFINITY;
  }

  get holds(): boolean {
    return this.isTimely(this.#sentMs);
  }
}
