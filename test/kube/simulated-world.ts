import { type Clock, nextMacrotask, type Timer } from '../../src/lib/clock.ts';
import { IndexedHeap } from '../../src/lib/indexed-heap.ts';
import type { Random } from '../../src/lib/random.ts';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** True time, which nobody in the simulation can read: events in its order, and nothing between. */
export class SimulatedTime {
  readonly #events = new IndexedHeap<Event>((a, b) =>
    a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs,
  );
  #order = 0;
  nowMs = 0;

  /** Runs `run` at `atMs`; what is due at the same time runs in the order of `order`. */
  at(atMs: number, run: () => void, order = ++this.#order): Timer {
    const event = { atMs: Math.max(atMs, this.nowMs), order, run };
    this.#events.push(event);
    return { cancel: () => this.#events.remove(event) };
  }

  /** Lets time pass until `endMs`, calling `check` whenever all that happens at one time has. */
  async runUntil(endMs: number, check: () => void): Promise<void> {
    for (let next = this.#events.peek(); next && next.atMs <= endMs; next = this.#events.peek()) {
      if (next.atMs > this.nowMs) check();
      this.nowMs = next.atMs;
      this.#events.pop();
      next.run();
      await nextMacrotask();
    }
    check();
    this.nowMs = endMs;
  }
}

export interface ProcessOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  /** Seconds of its clocks in a true second. */
  readonly rate: number;
}

/**
 * A process with clocks of its own, which run at their own speed from a start of their own. While it
 * is paused nothing reaches it; what came meanwhile does on its waking, in any order, since an
 * event loop that was stopped may see answers before timers or after them.
 */
export class SimulatedProcess implements Clock {
  readonly #options: ProcessOptions;
  readonly #startMs: number;
  readonly #wallOffsetMs: number;
  #pausedUntilMs = 0;
  #dead = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#startMs = options.random() * 1e6;
    this.#wallOffsetMs = 1.7e12 + (options.random() - 0.5) * 1e9;
  }

  get dead(): boolean {
    return this.#dead;
  }

  get paused(): boolean {
    return this.#options.time.nowMs < this.#pausedUntilMs;
  }

  monotonicMs(): number {
    return this.#startMs + this.#options.time.nowMs * this.#options.rate;
  }

  wallMs(): number {
    return Math.floor(this.#wallOffsetMs + this.monotonicMs());
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const { time, rate } = this.#options;
    let cancelled = false;
    const timer = time.at(time.nowMs + Math.max(0, delayMs) / rate, () =>
      this.deliver(() => {
        if (!cancelled) callback();
      }),
    );
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Something reaches the process: now, when it wakes, or never. */
  deliver(callback: () => void): void {
    const { time, random } = this.#options;
    if (this.#dead) return;
    if (this.paused) time.at(this.#pausedUntilMs, () => this.deliver(callback), random());
    else callback();
  }

  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#options.time.nowMs + ms);
  }

  kill(): void {
    this.#dead = true;
  }
}
