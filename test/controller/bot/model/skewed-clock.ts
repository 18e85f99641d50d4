import type { Clock, Timer } from '../../../../src/lib/clock.ts';

/** The real time of a model: it moves only when told. */
export interface RealTime {
  nowMs: number;
}

/** A machine's clock that runs at a rate of its own, and whose wall time may jump. Holds no timers. */
export class SkewedClock implements Clock {
  readonly #time: RealTime;
  readonly #rate: number;
  readonly #bornMs: number;
  /** How far the wall time is off. */
  wallErrorMs = 0;

  constructor(time: RealTime, rate: number) {
    this.#time = time;
    this.#rate = rate;
    this.#bornMs = time.nowMs;
  }

  monotonicMs(): number {
    return 1 + (this.#time.nowMs - this.#bornMs) * this.#rate;
  }

  wallMs(): number {
    return this.#time.nowMs + this.wallErrorMs;
  }

  setTimer(): Timer {
    throw new Error('nothing in the model waits by a timer');
  }
}
