import type { Clock } from '../../lib/clock.ts';
import type { Sweep, SweepTask } from '../sweep.ts';
import type { ErrorBoundary } from './boundary.ts';
import type { Heartbeat } from './heartbeat.ts';

/** What {@link Heartbeats} work with. */
export interface HeartbeatsDeps {
  readonly clock: Clock;
  readonly sweep: Sweep;
  readonly boundary: ErrorBoundary;
}

/** A shorter limit is in effect after so long at the latest. */
const LOOK_EVERY_MS = 60_000;

/**
 * The heartbeats of all bots that serve, looked at one after the other whenever the first of them
 * may be overdue, and at least about once a minute: thousands share one place in the sweep.
 */
export class Heartbeats implements Iterable<Heartbeat> {
  readonly #deps: HeartbeatsDeps;
  readonly #watched = new Set<Heartbeat>();
  #next: { readonly task: SweepTask; readonly dueMs: number } | undefined;

  constructor(deps: HeartbeatsDeps) {
    this.#deps = deps;
  }

  add(heartbeat: Heartbeat): void {
    this.#watched.add(heartbeat);
    this.#lookIn(heartbeat.leftMs);
  }

  delete(heartbeat: Heartbeat): void {
    this.#watched.delete(heartbeat);
    if (this.#watched.size > 0) return;
    this.#next?.task.cancel();
    this.#next = undefined;
  }

  [Symbol.iterator](): IterableIterator<Heartbeat> {
    return this.#watched.values();
  }

  /** Has a look in `delayMs`, unless one comes before. */
  #lookIn(delayMs: number): void {
    const { clock, sweep, boundary } = this.#deps;
    const dueMs = clock.monotonicMs() + Math.min(delayMs, LOOK_EVERY_MS);
    if (this.#next && this.#next.dueMs <= dueMs) return;
    this.#next?.task.cancel();
    // Whichever bot comes first, its look is nobody's.
    const task = boundary.run(undefined, () =>
      sweep.add(dueMs - clock.monotonicMs(), () => this.#lookAtAll()),
    );
    this.#next = { task, dueMs };
  }

  #lookAtAll(): undefined {
    this.#next = undefined;
    let leftMs = LOOK_EVERY_MS;
    for (const heartbeat of this.#watched) {
      heartbeat.look();
      if (this.#watched.has(heartbeat)) leftMs = Math.min(leftMs, heartbeat.leftMs);
    }
    if (this.#watched.size > 0) this.#lookIn(leftMs);
  }
}
