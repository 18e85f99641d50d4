import type { Clock } from '../lib/clock.ts';

const CALM_MS = 5_000;
const AT_LAST_MS = 60_000;

/**
 * Whether bots of a fleet have ceased to come and go, or have done so for too long to wait: they
 * even shards out by themselves, and moves for balance would be in vain. A new one is restless.
 */
export class Calm {
  readonly #clock: Clock;
  #changedMs: number;
  #restlessMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#changedMs = clock.monotonicMs();
    this.#restlessMs = this.#changedMs;
  }

  /** A bot has come or gone. */
  changed(): void {
    this.#changedMs = this.#clock.monotonicMs();
    this.#restlessMs ??= this.#changedMs;
  }

  get holds(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#changedMs >= CALM_MS) this.#restlessMs = undefined;
    return nowMs - (this.#restlessMs ?? Number.NEGATIVE_INFINITY) >= AT_LAST_MS;
  }
}
