import type { Clock } from '../lib/clock.ts';

const MINUTE_MS = 60_000;

/** How many bots of a fleet may begin to move: evenly spread, a second's worth at once. */
export class MoveBudget {
  readonly #clock: Clock;
  #moves = 0;
  #filledMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledMs = clock.monotonicMs() - MINUTE_MS;
  }

  /** How many may begin now, where `perMinute` may in a minute. */
  available(perMinute: number): number {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledMs) / MINUTE_MS) * perMinute;
    this.#moves = Math.min(this.#moves + gained, Math.max(1, perMinute / 60));
    this.#filledMs = nowMs;
    return Math.floor(this.#moves + ROUNDING);
  }

  /** That many have begun. */
  spend(moves: number): void {
    this.#moves -= moves;
  }
}

const ROUNDING = 1e-6;
