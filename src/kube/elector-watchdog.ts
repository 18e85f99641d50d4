import type { Clock, Timer } from '../lib/clock.ts';

export interface ElectorWatchdogOptions {
  readonly clock: Clock;
  /** From losing the lease to `onOverdue`. */
  readonly graceMs: number;
  /** The lease is lost: work must stop now. */
  readonly onExpired: () => void;
  /** Work has not stopped in time. */
  readonly onOverdue: () => void;
}

/**
 * Watches the end of a leader's time. Both ends are points on the monotonic clock, so that a process
 * that was stopped, or whose event loop was blocked, learns on waking that they have passed: one that
 * wakes after the second is overdue at once, as somebody else may be at work by then.
 */
export class ElectorWatchdog {
  readonly #options: ElectorWatchdogOptions;
  #untilMs: number;
  #state: 'holding' | 'expired' | 'stopped' = 'holding';
  #timer: Timer | undefined;

  constructor(untilMs: number, options: ElectorWatchdogOptions) {
    this.#options = options;
    this.#untilMs = untilMs;
    this.#arm(untilMs);
  }

  /** Whether the time has not run out: asked of the clock, not of the timer. */
  get valid(): boolean {
    return this.#state === 'holding' && this.#options.clock.monotonicMs() < this.#untilMs;
  }

  /** More time, unless it has run out already: a loss is final, also where no timer has told yet. */
  extend(untilMs: number): void {
    if (this.valid) this.#untilMs = Math.max(this.#untilMs, untilMs);
    else this.#check();
  }

  /** The lease is lost before its time. */
  expire(): void {
    this.#untilMs = Math.min(this.#untilMs, this.#options.clock.monotonicMs());
    this.#check();
  }

  /** Work has stopped: nothing more to watch. */
  stop(): void {
    this.#timer?.cancel();
    this.#state = 'stopped';
  }

  readonly #check = (): void => {
    if (this.#state === 'stopped') return;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#untilMs) {
      this.#arm(this.#untilMs);
      return;
    }
    if (this.#state === 'holding') {
      this.#state = 'expired';
      this.#options.onExpired();
    }
    const overdueMs = this.#untilMs + this.#options.graceMs;
    if (nowMs < overdueMs) {
      this.#arm(overdueMs);
    } else {
      this.stop();
      this.#options.onOverdue();
    }
  };

  #arm(atMs: number): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    this.#timer = clock.setTimer(atMs - clock.monotonicMs(), this.#check);
  }
}
