import type { Clock, Timer } from '../lib/clock.ts';
import { IndexedHeap } from '../lib/indexed-heap.ts';
import type { Priority } from './client.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { ObjectKey } from './resource.ts';

/** What goes first: `transition` is what somebody waits for, `routine` is periodic work. */
export const WORK_PRIORITIES = ['transition', 'routine'] as const satisfies readonly Priority[];
export type WorkPriority = (typeof WORK_PRIORITIES)[number];

/** A key that was handed out, and how urgent it is. */
export interface WorkItem {
  readonly key: ObjectKey;
  readonly priority: WorkPriority;
}

export interface AddOptions {
  /** `transition` unless given. */
  readonly priority?: WorkPriority;
  /** At once unless given. */
  readonly afterMs?: number;
}

/** What a queue can be asked at any time. Durations in milliseconds. */
export interface QueueGauges {
  /** Keys that could be handed out now. */
  depth(priority: WorkPriority): number;
  /** How long the keys that are being worked on have been so, summed up. */
  unfinishedMs(): number;
  /** The longest of them. */
  longestRunningMs(): number;
}

/** Hears what happens in a queue. Durations in milliseconds. */
export interface QueueMetrics {
  /** Called once, by the queue's constructor. */
  track(gauges: QueueGauges): void;
  /** A key became due that was not waiting yet. */
  added(): void;
  retried(): void;
  /** A key was handed out, this long after it had become due. */
  started(waitedMs: number): void;
  finished(workedMs: number): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly metrics?: QueueMetrics;
}

/**
 * A key that waits: until it is due (`delayed`), for a worker (`ready`), or, while it is being
 * worked on, for that to end (`blocked`).
 */
interface Waiting {
  readonly key: ObjectKey;
  priority: WorkPriority;
  dueMs: number;
  /** First in, first out within a priority. */
  order: number;
  state: 'delayed' | 'ready' | 'blocked';
}

/**
 * The keys that need work, with the semantics of client-go's and controller-runtime's queues:
 *
 * - A key waits at most once, however often it is added; of two times the earlier and of two
 *   priorities the higher counts.
 * - A key is never worked on twice at once. Added meanwhile, it is handed out again after `done`.
 * - `transition` goes before `routine`; within a priority, first in, first out.
 *
 * Nothing that was added is lost, unless the queue is shut down before it is due.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #metrics: QueueMetrics | undefined;
  readonly #waiting = new Map<ObjectKey, Waiting>();
  readonly #delayed = new IndexedHeap<Waiting>((a, b) => isEarlier(a, b));
  readonly #ready = new IndexedHeap<Waiting>((a, b) => goesFirst(a, b));
  /** Since when each key that was handed out is being worked on. */
  readonly #processing = new Map<ObjectKey, number>();
  readonly #takers = new Set<(item: WorkItem | undefined) => void>();
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  #order = 0;
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#limiter = options.limiter;
    this.#metrics = options.metrics;
    this.#metrics?.track({
      depth: (priority) => this.#countReady(priority),
      unfinishedMs: () => this.#runningMs().reduce((sum, ms) => sum + ms, 0),
      longestRunningMs: () => this.#runningMs().reduce((longest, ms) => Math.max(longest, ms), 0),
    });
  }

  /** Keys that wait, also those that are not due yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Makes sure that `key` is handed out, `afterMs` from now at the latest. */
  add(key: ObjectKey, { priority = 'transition', afterMs = 0 }: AddOptions = {}): void {
    if (this.#shutDown) return;
    const dueMs = this.#clock.monotonicMs() + Math.max(0, afterMs);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#insert(key, priority, dueMs);
    else this.#merge(waiting, priority, dueMs);
    this.#settle();
  }

  /** Adds `key` after the wait that its failures ask for, and returns that wait in ms. */
  addRateLimited(key: ObjectKey, { priority }: Pick<AddOptions, 'priority'> = {}): number {
    const afterMs = this.#limiter.delayMs(key);
    this.#metrics?.retried();
    this.add(key, { afterMs, ...(priority && { priority }) });
    return afterMs;
  }

  /** Failures of `key` no longer count: call it when work on it has succeeded. */
  forget(key: ObjectKey): void {
    this.#limiter.forget(key);
  }

  /** How often `key` was added by {@link addRateLimited} since it was last forgotten. */
  retries(key: ObjectKey): number {
    return this.#limiter.retries(key);
  }

  /**
   * The next key, as soon as there is one; each must be given back by {@link done}. Undefined once
   * the queue is shut down and has nothing left to hand out. Rejects when `signal` aborts first.
   */
  get(signal?: AbortSignal): Promise<WorkItem | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const take = (item: WorkItem | undefined): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve(item);
      };
      const onAbort = (): void => {
        this.#takers.delete(take);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#takers.add(take);
      this.#settle();
    });
  }

  /** Work on `key` has ended, well or not. */
  done(key: ObjectKey): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) return;
    this.#processing.delete(key);
    this.#metrics?.finished(this.#clock.monotonicMs() - startedMs);
    const waiting = this.#waiting.get(key);
    if (waiting?.state === 'blocked') this.#makeReady(waiting);
    this.#settle();
  }

  /**
   * Takes no more keys and drops those that are not due. What is due is still handed out; after
   * that, `get` resolves to undefined.
   */
  shutDown(): void {
    this.#shutDown = true;
    for (const waiting of this.#delayed) this.#waiting.delete(waiting.key);
    this.#delayed.clear();
    this.#settle();
  }

  #insert(key: ObjectKey, priority: WorkPriority, dueMs: number): void {
    const waiting: Waiting = { key, priority, dueMs, order: this.#order++, state: 'delayed' };
    this.#waiting.set(key, waiting);
    this.#delayed.push(waiting);
  }

  #merge(waiting: Waiting, priority: WorkPriority, dueMs: number): void {
    if (rank(priority) < rank(waiting.priority)) {
      waiting.priority = priority;
      if (waiting.state === 'ready') {
        waiting.order = this.#order++;
        this.#ready.update(waiting);
      }
    }
    if (waiting.state === 'delayed' && dueMs < waiting.dueMs) {
      waiting.dueMs = dueMs;
      this.#delayed.update(waiting);
    }
  }

  /** Brings everything in line with the time: what is due gets ready, who waits for it gets it. */
  #settle(): void {
    const nowMs = this.#clock.monotonicMs();
    for (let due = this.#takeDue(nowMs); due; due = this.#takeDue(nowMs)) {
      this.#metrics?.added();
      if (this.#processing.has(due.key)) due.state = 'blocked';
      else this.#makeReady(due);
    }
    this.#setTimer(nowMs);
    this.#handOut(nowMs);
  }

  #takeDue(nowMs: number): Waiting | undefined {
    const next = this.#delayed.peek();
    return next && next.dueMs <= nowMs ? this.#delayed.pop() : undefined;
  }

  #makeReady(waiting: Waiting): void {
    waiting.state = 'ready';
    waiting.order = this.#order++;
    this.#ready.push(waiting);
  }

  #handOut(nowMs: number): void {
    for (const take of this.#takers) {
      const next = this.#ready.pop();
      if (next === undefined) break;
      this.#takers.delete(take);
      this.#waiting.delete(next.key);
      this.#processing.set(next.key, nowMs);
      this.#metrics?.started(nowMs - next.dueMs);
      take({ key: next.key, priority: next.priority });
    }
    if (this.#shutDown && this.#waiting.size === 0) {
      for (const take of this.#takers) take(undefined);
      this.#takers.clear();
    }
  }

  /** One timer for all delays: it stands at the earliest. */
  #setTimer(nowMs: number): void {
    const dueMs = this.#delayed.peek()?.dueMs ?? Infinity;
    if (dueMs === this.#timerDueMs) return;
    this.#timer?.cancel();
    this.#timerDueMs = dueMs;
    if (dueMs < Infinity) this.#timer = this.#clock.setTimer(dueMs - nowMs, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    // It may have come early: a timer can't be set for longer than some weeks.
    this.#timerDueMs = Infinity;
    this.#settle();
  };

  #countReady(priority: WorkPriority): number {
    let count = 0;
    for (const waiting of this.#ready) if (waiting.priority === priority) count++;
    return count;
  }

  #runningMs(): number[] {
    const nowMs = this.#clock.monotonicMs();
    return Array.from(this.#processing.values(), (startedMs) => nowMs - startedMs);
  }
}

function rank(priority: WorkPriority): number {
  return WORK_PRIORITIES.indexOf(priority);
}

function goesFirst(a: Waiting, b: Waiting): boolean {
  return a.priority === b.priority ? a.order < b.order : rank(a.priority) < rank(b.priority);
}

function isEarlier(a: Waiting, b: Waiting): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
