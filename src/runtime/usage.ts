import { type Clock, nextMacrotask } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { ErrorOwner } from './bot/boundary.ts';

/** What the answers of services that one bot has in hand may weigh together. */
const MAX_BYTES_IN_HAND = 32 * 1024 * 1024;

/** Who has held the event loop for so long lets all others pass before it goes on. */
const SLICE_MS = 2;
/** Forgotten is what a bot held in so many times as long: taking less than that share, it never waits. */
const FORGIVEN_IN = 10;

/** What one bot took of the event loop. */
interface Busy {
  tookMs: number;
  /** When all of it is forgotten. */
  forgivenMs: number;
}

/** What one try takes of what all bots share. At its end it holds nothing any more. */
export interface TryUsage extends Disposable {
  /** As {@link Usage.timed}. */
  timed<Result>(slice: () => Result): Result;
  /** As {@link Usage.turn}. */
  turn(): Promise<void> | undefined;
  /** Has so much more in memory until the end. Beyond the bound of all tries its bot is stopped. */
  hold(bytes: number): void;
}

/**
 * What each bot takes of what all share: the event loop's time and memory. Only who takes anything
 * is known here; an idle bot weighs nothing.
 *
 * No tenant's code runs in this process, so that what may cost time on a tenant's behalf is known
 * and is what is measured: the first stretch of each handler, in which patterns are matched and
 * templates filled, and the reading of what a service answered. What the transport and the pipeline
 * do is the same for all bots, and bounded by rates.
 */
export class Usage {
  readonly #clock: Clock;
  readonly #bytes = new Map<ErrorOwner, number>();
  #busy = new Map<ErrorOwner, Busy>();
  /** The end of the queue for the event loop of each owner that has to wait, */
  readonly #queues = new Map<ErrorOwner, Promise<void>>();
  /** and of the one in which the heads of these take turns. */
  #line = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `slice`, which must not wait for anything, and books its time to `owner`. */
  timed<Result>(owner: ErrorOwner, slice: () => Result): Result {
    const startedMs = this.#clock.monotonicMs();
    try {
      return slice();
    } finally {
      this.#book(owner, startedMs, this.#clock.monotonicMs() - startedMs);
    }
  }

  /**
   * What `owner` has to wait for before its next slice. Nothing, unless it has taken much of the
   * event loop lately, or more of its work waits already. All who took much share one line, in which
   * owners take turns: however many they are, between any two of their slices there is a turn of the
   * loop for everybody else.
   */
  turn(owner: ErrorOwner): Promise<void> | undefined {
    const queue = this.#queues.get(owner);
    if (!queue && !this.#tookMuch(owner)) return undefined;
    const turn = (queue ?? Promise.resolve()).then(() => this.#nextInLine());
    this.#queues.set(owner, turn);
    void turn.finally(() => {
      if (this.#queues.get(owner) === turn) this.#queues.delete(owner);
    });
    return turn;
  }

  /** The time that each owner took since the last call. */
  takeBusyMs(): ReadonlyMap<ErrorOwner, number> {
    const taken = this.#busy;
    this.#busy = new Map();
    return new Map([...taken].map(([owner, { tookMs }]) => [owner, tookMs]));
  }

  /** What one try at an update of `owner` takes. */
  beginTry(owner: ErrorOwner): TryUsage {
    return new OneTry(this, owner);
  }

  /** Has so much more of `owner` in memory. */
  hold(owner: ErrorOwner, bytes: number): void {
    const held = (this.#bytes.get(owner) ?? 0) + bytes;
    this.#bytes.set(owner, held);
    if (held <= MAX_BYTES_IN_HAND) return;
    owner.fail(
      inputError(
        'BOT_TOO_LARGE',
        `The bot was stopped because the answers of its service that it had in hand together were larger than ${MAX_BYTES_IN_HAND} bytes. Have the service answer with less, or lower spec.updates.maxConcurrent.`,
      ),
    );
  }

  /** Has so much less of it. */
  release(owner: ErrorOwner, bytes: number): void {
    if (bytes === 0) return;
    const held = (this.#bytes.get(owner) ?? 0) - bytes;
    if (held > 0) this.#bytes.set(owner, held);
    else this.#bytes.delete(owner);
  }

  #book(owner: ErrorOwner, startedMs: number, tookMs: number): void {
    const before = this.#busy.get(owner);
    const busy = before ?? { tookMs: 0, forgivenMs: 0 };
    busy.tookMs += tookMs;
    busy.forgivenMs = Math.max(busy.forgivenMs, startedMs) + tookMs * FORGIVEN_IN;
    if (!before) this.#busy.set(owner, busy);
  }

  #tookMuch(owner: ErrorOwner): boolean {
    const forgivenMs = this.#busy.get(owner)?.forgivenMs ?? 0;
    return forgivenMs - this.#clock.monotonicMs() >= SLICE_MS * (FORGIVEN_IN - 1);
  }

  #nextInLine(): Promise<void> {
    this.#line = this.#line.then(nextMacrotask);
    return this.#line;
  }
}

/** A class, since a literal with a symbol in it is made slowly, and each update makes one. */
class OneTry implements TryUsage {
  readonly #usage: Usage;
  readonly #owner: ErrorOwner;
  #bytesHeld = 0;

  constructor(usage: Usage, owner: ErrorOwner) {
    this.#usage = usage;
    this.#owner = owner;
  }

  timed<Result>(slice: () => Result): Result {
    return this.#usage.timed(this.#owner, slice);
  }

  turn(): Promise<void> | undefined {
    return this.#usage.turn(this.#owner);
  }

  hold(bytes: number): void {
    this.#bytesHeld += bytes;
    this.#usage.hold(this.#owner, bytes);
  }

  [Symbol.dispose](): void {
    this.#usage.release(this.#owner, this.#bytesHeld);
  }
}
