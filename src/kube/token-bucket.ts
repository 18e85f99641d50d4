import type { Clock } from '../lib/clock.ts';

/** How often something may happen: `perSecond` in the long run, `burst` at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket on the monotonic clock. It is full at the start. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #filledAtMs: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    if (this.msUntilNext() > 0) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** How long until there is a token; 0 where there is one now. */
  msUntilNext(): number {
    this.#fill();
    // What is missing by rounding alone would otherwise be waited for in timers of 0 ms.
    const missing = 1 - this.#tokens;
    return missing < 1e-6 ? 0 : (missing / this.#rate.perSecond) * 1000;
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
  }
}
