import type { Clock, Timer } from '../../../lib/clock.ts';
import { CallError } from '../../telegram/call-error.ts';

/** Who goes first: users who wait for a reply, what lets updates in, all else. */
export const PRIORITIES = ['reply', 'poll', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A limit that some of those in a line share, such as that of their chat. */
export interface Lane {
  /** How many of the line are in this lane. The line keeps the count. */
  waiting: number;
}

/** Something that waits for its turn. */
export interface Turn {
  readonly priority: Priority;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly lane?: Lane | undefined;
}

/** What a line goes by. Times are on the monotonic clock. */
export interface LineRules<T extends Turn> {
  /** Whether nobody may go until {@link WaitingLine.wake}. */
  isFull(): boolean;
  /** The earliest time at which anybody may go once `ahead` others have. */
  openMs(nowMs: number, ahead: number): number;
  /** The same for those of the turn's lane, as far as the lane goes. */
  laneMs(turn: T, nowMs: number, ahead: number): number;
  /** Counts a turn that is taken now. */
  take(turn: T, nowMs: number): void;
  /** Why it takes so long, for people: half a sentence that follows "because". */
  reason(turn: T, nowMs: number): string;
}

interface Waiter<T extends Turn> {
  readonly turn: T;
  readonly order: number;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
  resolve(): void;
  reject(error: CallError): void;
}

/** Who is refused is not to come back sooner. */
const COME_BACK_MS = 1_000;
/** Each turn of so many goes to who has waited longest, whatever its priority: nobody starves. */
const FAIR_EVERY = 8;

/**
 * A line of those who wait for their turn, by priority and then as they came; who is held up by its
 * lane lets others pass. It never holds more than `capacity` of one priority, and nobody waits for
 * a turn that would come after its deadline. One timer while somebody waits, none otherwise.
 */
export class WaitingLine<T extends Turn> {
  readonly #clock: Clock;
  readonly #rules: LineRules<T>;
  readonly #capacity: number;
  readonly #waiters: Readonly<Record<Priority, Set<Waiter<T>>>> = {
    reply: new Set(),
    poll: new Set(),
    background: new Set(),
  };
  #size = 0;
  #order = 0;
  #turns = 0;
  /** When somebody may go, or has waited too long. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** No deadline is before this. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #timer: { readonly atMs: number; readonly handle: Timer } | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly rules: LineRules<T>;
    readonly capacity: number;
  }) {
    this.#clock = options.clock;
    this.#rules = options.rules;
    this.#capacity = options.capacity;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes a turn at once and returns undefined, or resolves when it is taken. Rejects with a
   * CallError: `held-back` where the turn would come after the deadline or the line is too long,
   * `aborted` as soon as `signal` aborts.
   */
  enter(turn: T, signal: AbortSignal): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#dueMs) this.#proceed(nowMs);
    if (this.#isOpen(nowMs) && this.#mayPass(turn, nowMs)) {
      this.#rules.take(turn, nowMs);
      return undefined;
    }
    const refusal = signal.aborted ? brokenOff() : this.#refusal(turn, nowMs);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#remove(waiter);
        reject(brokenOff());
      };
      const waiter = { turn, order: this.#order++, signal, onAbort, resolve, reject };
      this.#add(waiter);
      const nextMs = this.#rules.isFull() ? Number.POSITIVE_INFINITY : this.#turnMs(turn, nowMs, 0);
      this.#arm(Math.min(this.#dueMs, nextMs, turn.deadlineMs), nowMs);
    });
  }

  /** To be called when somebody may go who might not before. */
  wake(): void {
    if (this.#size > 0) this.#proceed(this.#clock.monotonicMs());
  }

  /** To be called when all may have to wait longer: refuses those for whom that is too long. */
  review(): void {
    if (this.#size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    this.#refuse(nowMs, (turn) => this.#turnMs(turn, nowMs, 0) > turn.deadlineMs);
    this.#proceed(nowMs);
  }

  /** Has `change` give those who wait other lanes; {@link review} is to follow. */
  regroup(change: (turn: T) => void): void {
    for (const { turn } of this.#inOrder()) {
      if (turn.lane) turn.lane.waiting--;
      change(turn);
      if (turn.lane) turn.lane.waiting++;
    }
  }

  #isOpen(nowMs: number): boolean {
    return !this.#rules.isFull() && this.#rules.openMs(nowMs, 0) <= nowMs;
  }

  #mayPass(turn: T, nowMs: number): boolean {
    return this.#rules.laneMs(turn, nowMs, 0) <= nowMs;
  }

  /** The earliest time of a turn as far as limits go; others may yet end later, or come before. */
  #turnMs(turn: T, nowMs: number, ahead: number): number {
    const laneAhead = ahead > 0 && turn.lane?.waiting ? this.#countAhead(turn) : 0;
    return Math.max(this.#rules.openMs(nowMs, ahead), this.#rules.laneMs(turn, nowMs, laneAhead));
  }

  #countAhead(turn: T): number {
    let ahead = 0;
    for (const waiter of this.#inOrder(turn.priority)) {
      if (waiter.turn.lane === turn.lane) ahead++;
    }
    return ahead;
  }

  #refusal(turn: T, nowMs: number): CallError | undefined {
    const hasRoom = this.#waiters[turn.priority].size < this.#capacity;
    if (hasRoom && turn.deadlineMs === Number.POSITIVE_INFINITY) return undefined;
    let ahead = 0;
    for (const priority of upTo(turn.priority)) ahead += this.#waiters[priority].size;
    const turnMs = this.#turnMs(turn, nowMs, ahead);
    if (turnMs > turn.deadlineMs) return this.#tooLate(turn, nowMs, turnMs);
    if (hasRoom) return undefined;
    return heldBack(`${this.#capacity} others wait already`, {
      reason: this.#rules.reason(turn, nowMs),
      waitMs: turnMs - nowMs,
    });
  }

  #tooLate(turn: T, nowMs: number, turnMs: number): CallError {
    const leftMs = turn.deadlineMs - nowMs;
    const waitMs = Math.max(0, turnMs - nowMs);
    const words =
      leftMs > 0
        ? `its turn would come in ${inSeconds(waitMs)}, and it may wait for ${inSeconds(leftMs)}`
        : 'its turn did not come in time';
    return heldBack(words, { reason: this.#rules.reason(turn, nowMs), waitMs });
  }

  /** Lets go who may, and sees to it that the next is not forgotten. */
  #proceed(nowMs: number): void {
    for (let next = this.#next(nowMs); next; next = this.#next(nowMs)) {
      this.#remove(next);
      this.#turns++;
      this.#rules.take(next.turn, nowMs);
      next.resolve();
    }
    if (nowMs >= this.#deadlineMs) {
      this.#refuse(nowMs, ({ deadlineMs }) => nowMs >= deadlineMs);
      this.#deadlineMs = this.#least(({ deadlineMs }) => deadlineMs);
    }
    if (this.#size > 0) this.#arm(this.#nextDueMs(nowMs), nowMs);
  }

  #next(nowMs: number): Waiter<T> | undefined {
    if (this.#size === 0 || !this.#isOpen(nowMs)) return undefined;
    const byAge = this.#turns % FAIR_EVERY === FAIR_EVERY - 1;
    let next: Waiter<T> | undefined;
    for (const priority of PRIORITIES) {
      const first = this.#waiters[priority].values().find(({ turn }) => this.#mayPass(turn, nowMs));
      if (first && (!next || first.order < next.order)) next = first;
      if (next && !byAge) break;
    }
    return next;
  }

  #refuse(nowMs: number, isLate: (turn: T) => boolean): void {
    for (const waiter of this.#inOrder()) {
      const { turn } = waiter;
      if (!isLate(turn)) continue;
      this.#remove(waiter);
      waiter.reject(this.#tooLate(turn, nowMs, this.#turnMs(turn, nowMs, 0)));
    }
  }

  #nextDueMs(nowMs: number): number {
    if (this.#rules.isFull()) return this.#deadlineMs;
    const openMs = this.#rules.openMs(nowMs, 0);
    // While it is open, those who are left are all held up by their lanes.
    const turnMs =
      openMs > nowMs ? openMs : this.#least((turn) => this.#rules.laneMs(turn, nowMs, 0));
    return Math.min(turnMs, this.#deadlineMs);
  }

  #least(timeMs: (turn: T) => number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { turn } of this.#inOrder()) least = Math.min(least, timeMs(turn));
    return least;
  }

  *#inOrder(last: Priority = 'background'): Generator<Waiter<T>> {
    for (const priority of upTo(last)) yield* this.#waiters[priority];
  }

  #add(waiter: Waiter<T>): void {
    this.#waiters[waiter.turn.priority].add(waiter);
    this.#size++;
    if (waiter.turn.lane) waiter.turn.lane.waiting++;
    this.#deadlineMs = Math.min(this.#deadlineMs, waiter.turn.deadlineMs);
    waiter.signal.addEventListener('abort', waiter.onAbort);
  }

  #remove(waiter: Waiter<T>): void {
    this.#waiters[waiter.turn.priority].delete(waiter);
    this.#size--;
    if (waiter.turn.lane) waiter.turn.lane.waiting--;
    waiter.signal.removeEventListener('abort', waiter.onAbort);
    if (this.#size === 0) this.#rest();
  }

  /** A timer that fires too early only looks around. */
  #arm(dueMs: number, nowMs: number): void {
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY || (this.#timer && this.#timer.atMs <= dueMs)) return;
    this.#timer?.handle.cancel();
    const handle = this.#clock.setTimer(Math.ceil(dueMs - nowMs), () => {
      this.#timer = undefined;
      this.#proceed(this.#clock.monotonicMs());
    });
    this.#timer = { atMs: dueMs, handle };
  }

  #rest(): void {
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }
}

function upTo(last: Priority): readonly Priority[] {
  return PRIORITIES.slice(0, PRIORITIES.indexOf(last) + 1);
}

function heldBack(
  words: string,
  { reason, waitMs }: { readonly reason: string; readonly waitMs: number },
): CallError {
  return new CallError('held-back', `The call was not made: ${words}, because ${reason}.`, {
    mayHaveHappened: false,
    retryAfterMs: Math.max(COME_BACK_MS, Math.ceil(waitMs)),
  });
}

function brokenOff(): CallError {
  return new CallError('aborted', 'The call to Telegram was broken off before it was made.', {
    mayHaveHappened: false,
  });
}

function inSeconds(ms: number): string {
  return `${Math.ceil(ms / 100) / 10} s`;
}
