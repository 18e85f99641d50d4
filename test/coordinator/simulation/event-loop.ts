import type { Clock, Timer } from '../../../src/lib/clock.ts';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** True time, and what happens when. */
export class EventLoop {
  nowMs = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  at(atMs: number, run: () => void): Timer {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  after(ms: number, run: () => void): Timer {
    return this.at(this.nowMs + ms, run);
  }

  /** Lets everything happen until then. */
  async runUntil(endMs: number): Promise<void> {
    for (let next = this.#heap[0]; next && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      next.run();
      // What the event has settled goes on before the next one.
      for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    }
    this.nowMs = endMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Event;
      if (!isBefore(event, above)) break;
      heap[index] = above;
      heap[parent] = event;
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event))
        child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** A process with a clock of its own, which may be too fast or too slow; it may pause, or die. */
export class Process {
  readonly clock: Clock;
  readonly loop: EventLoop;
  isAlive = true;
  #pausedUntilMs = 0;

  constructor(loop: EventLoop, rate: number) {
    this.loop = loop;
    const startedMs = loop.nowMs;
    const monotonicMs = (): number => (loop.nowMs - startedMs) * rate;
    this.clock = {
      monotonicMs,
      wallMs: () => 1_700_000_000_000 + loop.nowMs,
      setTimer: (delayMs, callback) =>
        loop.after(Math.max(0, delayMs) / rate, () => this.run(callback)),
    };
  }

  /** Does it as soon as the process runs; never where it is dead. */
  run(work: () => void): void {
    if (!this.isAlive) return;
    if (this.loop.nowMs < this.#pausedUntilMs) {
      this.loop.at(this.#pausedUntilMs, () => this.run(work));
    } else work();
  }

  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.loop.nowMs + ms);
  }

  kill(): void {
    this.isAlive = false;
  }
}
