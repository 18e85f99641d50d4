import { type Clock, nextMacrotask, type Timer } from './clock.ts';

/** A clock that stands still, as a base for one that only moves when told. */
const frozenClock: Clock = {
  wallMs: () => 0,
  monotonicMs: () => 0,
  setTimer: () => ({ cancel: () => undefined }),
};

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly base: Timer;
  readonly callback: () => void;
}

/**
 * A clock that can be moved ahead of the one that it stands on. Over the machine's clock it runs
 * on by itself (the emulator's clock); over nothing it moves only by {@link advance} (tests).
 * Timers that come due while it moves fire in the order of their times.
 */
export class AdjustableClock implements Clock {
  readonly #base: Clock;
  readonly #pending = new Set<Pending>();
  readonly #wallOffsetMs: number;
  #aheadMs = 0;
  #order = 0;

  constructor(options: { readonly base?: Clock; readonly startWallMs?: number } = {}) {
    this.#base = options.base ?? frozenClock;
    this.#wallOffsetMs = options.startWallMs ?? 0;
  }

  wallMs(): number {
    return this.#base.wallMs() + this.#wallOffsetMs + this.#aheadMs;
  }

  monotonicMs(): number {
    return this.#base.monotonicMs() + this.#aheadMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const fire = (): void => {
      this.#pending.delete(pending);
      callback();
    };
    const pending: Pending = {
      dueMs: this.monotonicMs() + Math.max(delayMs, 0),
      order: this.#order++,
      base: this.#base.setTimer(delayMs, fire),
      callback,
    };
    this.#pending.add(pending);
    return { cancel: () => this.#drop(pending) };
  }

  /** How many timers wait: tests use it to see that nothing was left behind. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /**
   * Moves the clock ahead by `ms`, firing timers on the way, also those that the fired ones set.
   * Promises that they settle run between two timers only with {@link advanceAsync}.
   */
  advance(ms: number): void {
    const targetMs = this.monotonicMs() + ms;
    for (let next = this.#nextDue(targetMs); next; next = this.#nextDue(targetMs)) {
      this.#fire(next);
    }
    this.#moveTo(targetMs);
  }

  /** As {@link advance}, letting settled promises run after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const targetMs = this.monotonicMs() + ms;
    await nextMacrotask();
    for (let next = this.#nextDue(targetMs); next; next = this.#nextDue(targetMs)) {
      this.#fire(next);
      await nextMacrotask();
    }
    this.#moveTo(targetMs);
    await nextMacrotask();
  }

  #fire(timer: Pending): void {
    this.#moveTo(timer.dueMs);
    this.#drop(timer);
    timer.callback();
  }

  #moveTo(targetMs: number): void {
    this.#aheadMs += Math.max(0, targetMs - this.monotonicMs());
  }

  #drop(timer: Pending): void {
    timer.base.cancel();
    this.#pending.delete(timer);
  }

  #nextDue(limitMs: number): Pending | undefined {
    let next: Pending | undefined;
    for (const timer of this.#pending) {
      if (timer.dueMs > limitMs) continue;
      if (
        !next ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}
