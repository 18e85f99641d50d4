import type { Clock, Timer } from '../lib/clock.ts';
import { IndexedHeap } from '../lib/indexed-heap.ts';
import type { Random } from '../lib/random.ts';
import { ErrorBoundary, type ErrorOwner } from './bot/boundary.ts';

/** Looks after one thing. Returns how long until the next look in milliseconds; none if undefined. */
export type Visit = () => number | undefined;

/** Is looked after: of thousands of things each is lighter by itself than with a function of its own. */
export interface Visited {
  /** As a {@link Visit}. */
  visit(): number | undefined;
}

/** Something that is looked after from time to time. Cancelling it twice does nothing. */
export interface SweepTask {
  cancel(): void;
}

class Entry implements SweepTask {
  dueMs = 0;
  cancelled = false;
  readonly sweep: Sweep;
  readonly visited: Visit | Visited;
  /** Breaks ties, so that the order is strict. */
  readonly order: number;
  /** Who added it. */
  readonly owner: ErrorOwner | undefined;

  constructor(
    sweep: Sweep,
    visited: Visit | Visited,
    { order, owner }: { readonly order: number; readonly owner: ErrorOwner | undefined },
  ) {
    this.sweep = sweep;
    this.visited = visited;
    this.order = order;
    this.owner = owner;
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.sweep.remove(this);
  }
}

/** Looks that are due within the same second share a wake-up. */
const GRAIN_MS = 1_000;
/** Up to so much is added to each pause, so that what began together does not stay together. */
const JITTER = 0.1;

/**
 * Looks after any number of things from time to time, with one timer for all of them, and with none
 * while there are none. A look comes up to a tenth and a second later than asked for, never earlier.
 * It happens in the name of {@link Sweep.add}'s caller; no more than that is kept, since an async
 * context weighs more than the task. What it throws is thrown there, as by a timer of one's own: it
 * ends this task and keeps no other waiting.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #boundary: ErrorBoundary;
  readonly #entries = new IndexedHeap<Entry>(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order),
  );
  #added = 0;
  #timer: { readonly timer: Timer; readonly dueMs: number } | undefined;

  constructor(clock: Clock, random: Random, boundary = new ErrorBoundary()) {
    this.#clock = clock;
    this.#random = random;
    this.#boundary = boundary;
  }

  /** Visits `visited` in `delayMs`, and again as often as it asks for. */
  add(delayMs: number, visited: Visit | Visited): SweepTask {
    const { owner } = this.#boundary;
    const entry = new Entry(this, visited, { order: this.#added++, owner });
    entry.dueMs = this.#dueIn(delayMs);
    this.#entries.push(entry);
    this.#arm();
    return entry;
  }

  /** Of {@link SweepTask.cancel}. */
  remove(entry: Entry): void {
    this.#entries.remove(entry);
    this.#arm();
  }

  #dueIn(delayMs: number): number {
    return this.#clock.monotonicMs() + delayMs * (1 + JITTER * this.#random());
  }

  /** Has the timer stand at the first entry's time, rounded up to the grain. */
  #arm(): void {
    const first = this.#entries.peek();
    const dueMs = first && Math.ceil(first.dueMs / GRAIN_MS) * GRAIN_MS;
    if (this.#timer?.dueMs === dueMs) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (dueMs === undefined) return;
    const delayMs = dueMs - this.#clock.monotonicMs();
    this.#timer = { timer: this.#clock.setTimer(delayMs, () => this.#fire()), dueMs };
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const entry = this.#entries.peek();
      if (!entry || entry.dueMs > nowMs) break;
      this.#entries.pop();
      const nextMs = this.#boundary.run(entry.owner, () => visitAlone(entry.visited));
      if (nextMs === undefined || entry.cancelled) continue;
      entry.dueMs = this.#dueIn(nextMs);
      this.#entries.push(entry);
    }
    this.#arm();
  }
}

/** A defect in one visit is an uncaught error in that one's context, and ends no loop. */
function visitAlone(visited: Visit | Visited): number | undefined {
  try {
    return typeof visited === 'function' ? visited() : visited.visit();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
    return undefined;
  }
}
