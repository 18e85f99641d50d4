import type { Clock } from '../../../lib/clock.ts';
import { LruMap } from '../../../lib/lru-map.ts';
import type { Sweep, SweepTask } from '../../sweep.ts';
import { pairOf, type Visitor } from './visitor.ts';

const MAX_WAITING = 10_000;
/** How many are looked up in one round. */
const MAX_A_ROUND = 50;
/** After each look in vain the next comes so much later, up to the factor below. */
const GROWTH = 2;
const MAX_FACTOR = 64;
/** Who has not come in by then can still press the button. */
const FORGOTTEN_MS = 86_400_000;

interface Waiting {
  readonly visitor: Visitor;
  readonly sinceMs: number;
  /** When the next look is due. */
  dueMs: number;
  factor: number;
}

export interface WaitingRoomOptions {
  readonly clock: Clock;
  readonly sweep: Sweep;
  /** Between two rounds, and before the first look at somebody. */
  readonly pauseMs: () => number;
  /** One round: looks at those who are due. Must not reject. */
  readonly look: (due: readonly Visitor[]) => Promise<void>;
  /** Whether there is something to look at though nobody waits. */
  readonly busy: () => boolean;
}

/**
 * Those who were asked to join, looked up again from time to time, less and less often. It has no
 * timer of its own, and no task in the sweep while there is nothing to look at.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #waiting = new LruMap<string, Waiting>(MAX_WAITING);
  #task: SweepTask | undefined;
  #looking = false;
  #closed = false;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Has somebody looked up again. Who waits already goes on waiting. */
  add(visitor: Visitor): void {
    const pair = pairOf(visitor);
    if (this.#waiting.get(pair)) return;
    const nowMs = this.#options.clock.monotonicMs();
    const dueMs = nowMs + this.#options.pauseMs();
    this.#waiting.set(pair, { visitor, sinceMs: nowMs, dueMs, factor: 1 });
    this.wake();
  }

  /** Has somebody looked up in the next round. */
  hurry(visitor: Visitor): void {
    this.add(visitor);
    const waiting = this.#waiting.get(pairOf(visitor));
    if (!waiting) return;
    waiting.dueMs = this.#options.clock.monotonicMs();
    waiting.factor = 1;
  }

  remove(visitor: Visitor): void {
    this.#waiting.delete(pairOf(visitor));
  }

  /** Forgets all of a group that is no more. */
  removeGroup(groupId: number): void {
    for (const { visitor } of this.#waiting.values()) {
      if (visitor.groupId === groupId) this.remove(visitor);
    }
  }

  /** There may be something to look at. */
  wake(): void {
    if (this.#closed || this.#task || !this.#hasWork) return;
    this.#task = this.#options.sweep.add(this.#options.pauseMs(), () => this.#round());
  }

  /** Looks are begun again, where there is something to look at. */
  open(): void {
    this.#closed = false;
    this.wake();
  }

  /** No look is begun any more. Who waits goes on waiting. */
  close(): void {
    this.#closed = true;
    this.#task?.cancel();
    this.#task = undefined;
  }

  get #hasWork(): boolean {
    return this.#waiting.size > 0 || this.#options.busy();
  }

  #round(): number | undefined {
    if (!this.#hasWork) {
      this.#task = undefined;
      return undefined;
    }
    if (!this.#looking) void this.#look();
    return this.#options.pauseMs();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      await this.#options.look(this.#takeDue());
    } finally {
      this.#looking = false;
    }
  }

  /** Those whose turn has come, who have waited for it longest. */
  #takeDue(): Visitor[] {
    const nowMs = this.#options.clock.monotonicMs();
    for (const { visitor, sinceMs } of this.#waiting.values()) {
      if (nowMs - sinceMs > FORGOTTEN_MS) this.remove(visitor);
    }
    const due = [...this.#waiting.values()]
      .filter(({ dueMs }) => dueMs <= nowMs)
      .toSorted((a, b) => a.dueMs - b.dueMs)
      .slice(0, MAX_A_ROUND);
    for (const waiting of due) {
      waiting.dueMs = nowMs + this.#options.pauseMs() * waiting.factor;
      waiting.factor = Math.min(waiting.factor * GROWTH, MAX_FACTOR);
    }
    return due.map(({ visitor }) => visitor);
  }
}
