import { type Clock, nextMacrotask } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { ErrorOwner } from './bot/boundary.ts';

/** What the answers of services that one bot has in hand may weigh together. */
const MAX_BYTES_IN_HAND = 32 * 1024 * 1024;

/** Who has held the event loop for so long in one turn of it lets all others pass. */
const TURN_MS = 20;
/** Shorter slices can't add up to that, since a bot has a hundred chats in hand at most. */
const COUNTED_MS = TURN_MS / 100;

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
  #busyMs = new Map<ErrorOwner, number>();
  /** What each owner took in this turn of the event loop. */
  readonly #heldMs = new Map<ErrorOwner, number>();
  /** The end of each owner's queue for the event loop. */
  readonly #queues = new Map<ErrorOwner, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `slice`, which must not wait for anything, and books its time to `owner`. */
  timed<Result>(owner: ErrorOwner, slice: () => Result): Result {
    const startedMs = this.#clock.monotonicMs();
    try {
      return slice();
    } finally {
      const tookMs = this.#clock.monotonicMs() - startedMs;
      this.#busyMs.set(owner, (this.#busyMs.get(owner) ?? 0) + tookMs);
      if (tookMs >= COUNTED_MS) this.#noteHeld(owner, tookMs);
    }
  }

  /**
   * What `owner` has to wait for before its next slice. Nothing, unless it has had its share of this
   * turn of the event loop, or more of its work waits already: then that goes on one by one, with a
   * turn for everybody else in between.
   */
  turn(owner: ErrorOwner): Promise<void> | undefined {
    const queue = this.#queues.get(owner);
    if (!queue && (this.#heldMs.get(owner) ?? 0) < TURN_MS) return undefined;
    const turn = (queue ?? Promise.resolve()).then(nextMacrotask);
    this.#queues.set(owner, turn);
    void turn.finally(() => {
      if (this.#queues.get(owner) === turn) this.#queues.delete(owner);
    });
    return turn;
  }

  /** The time that each owner took since the last call. */
  takeBusyMs(): ReadonlyMap<ErrorOwner, number> {
    const taken = this.#busyMs;
    this.#busyMs = new Map();
    return taken;
  }

  /** What one try at an update of `owner` takes. */
  beginTry(owner: ErrorOwner): TryUsage {
    let bytesHeld = 0;
    return {
      timed: (slice) => this.timed(owner, slice),
      turn: () => this.turn(owner),
      hold: (bytes) => {
        bytesHeld += bytes;
        this.#hold(owner, bytes);
      },
      [Symbol.dispose]: () => this.#release(owner, bytesHeld),
    };
  }

  #noteHeld(owner: ErrorOwner, tookMs: number): void {
    if (this.#heldMs.size === 0) void nextMacrotask().then(() => this.#heldMs.clear());
    this.#heldMs.set(owner, (this.#heldMs.get(owner) ?? 0) + tookMs);
  }

  #hold(owner: ErrorOwner, bytes: number): void {
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

  #release(owner: ErrorOwner, bytes: number): void {
    if (bytes === 0) return;
    const held = (this.#bytes.get(owner) ?? 0) - bytes;
    if (held > 0) this.#bytes.set(owner, held);
    else this.#bytes.delete(owner);
  }
}
