import type { Update } from 'grammy/types';
import { type BackoffPolicy, fullJitterMs } from '../../lib/backoff.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { isLastTry } from './attempts.ts';
import { laneKey } from './update-kind.ts';

/** How an update ended. */
export type UpdateOutcome =
  | { readonly kind: 'handled' | 'unmatched' }
  | { readonly kind: 'skipped'; readonly error: unknown; readonly attempts: number };

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How many updates are in hand at once at most. */
  readonly maxConcurrent: number;
  /**
   * One try, `attempt` counted from 1. May reject or throw. `abort` is aborted with the drain's
   * signal; whoever handles the update may do so before.
   */
  readonly handle: (
    update: Update,
    attempt: number,
    abort: AbortController,
  ) => Promise<'handled' | 'unmatched'>;
  /** Whether a try that failed so left nothing behind that another try would double. */
  readonly retryable: (error: unknown) => boolean;
  /**
   * Where a try failed only because nothing goes through to Telegram: how long until another is
   * worth while. It does not count. Undefined of all other errors.
   */
  readonly heldBackMs: (error: unknown) => number | undefined;
  /** Told once of each update that ended, so long after it was submitted. Must not throw. */
  readonly onDone: (update: Update, outcome: UpdateOutcome, tookMs: number) => void;
}

/** Long enough for a service to come back from a restart, short enough for its user to wait. */
const RETRY_BACKOFF: BackoffPolicy = { initialMs: 1_000, maxMs: 10_000, factor: 4 };

/** The updates of one chat, in order; the first is the one in hand or next. */
interface Lane {
  readonly key: number | Update;
  readonly queue: Entry[];
  retry?: Timer;
  /** Whether it pauses because its try was held back. */
  heldBack?: boolean;
}

/** How a try ended, where its update has not. */
interface Again {
  readonly kind: 'again';
  readonly delayMs: number;
  readonly heldBack: boolean;
}

interface Entry {
  readonly update: Update;
  /** Its place among all that were submitted. */
  readonly place: number;
  readonly sinceMs: number;
  attempts: number;
  /** Ends the try in hand. */
  abort?: AbortController;
}

/**
 * Hands one bot's updates to its handlers: those of one chat in the order of {@link submit}, those
 * of different chats side by side, up to `maxConcurrent`. Chats take turns, so that a busy one
 * keeps no other waiting for more than one update of its own.
 *
 * A failed try is repeated after a pause with jitter, a bounded number of times, if it may be; the
 * pause holds up its own chat alone. After that the update is skipped. A try that was held back is
 * repeated for as long as that lasts, until a drain is over.
 *
 * ```
 *            submit               turn comes            done
 *   (no lane) ────► ready ─────────────────► in hand ────────► ready, or no lane
 *                     ▲                         │ failed, not the last try
 *                     └──────── pause ◄─────────┘
 * ```
 *
 * While it has nothing to do it holds no timer.
 */
export class UpdateDispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes = new Map<number | Update, Lane>();
  /** The lanes whose turn comes, next one first. */
  readonly #ready = new Set<Lane>();
  #maxConcurrent: number;
  #inHand = 0;
  #open = 0;
  #submitted = 0;
  #lastBegun = 0;
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#maxConcurrent = options.maxConcurrent;
  }

  /** How many updates were submitted and have not ended. */
  get open(): number {
    return this.#open;
  }

  /** Takes an update. After {@link drain} was called it is dropped undone. */
  submit(update: Update): void {
    if (this.#draining) return;
    const sinceMs = this.#options.clock.monotonicMs();
    const entry: Entry = { update, place: ++this.#submitted, sinceMs, attempts: 0 };
    this.#open++;
    const key = laneKey(update);
    const known = this.#lanes.get(key);
    if (known) {
      known.queue.push(entry);
      return;
    }
    const lane: Lane = { key, queue: [entry] };
    this.#lanes.set(key, lane);
    this.#giveTurn(lane);
  }

  /** Takes effect at once; what is in hand above the new limit is finished. */
  setMaxConcurrent(maxConcurrent: number): void {
    this.#maxConcurrent = maxConcurrent;
    this.#begin();
  }

  /** Ends the pauses of tries that were held back: what held them back may be gone. */
  hasten(): void {
    for (const lane of this.#lanes.values()) {
      if (!lane.heldBack) continue;
      lane.retry?.cancel();
      this.#resume(lane);
    }
  }

  /**
   * Finishes what has begun and what was submitted before it, and drops the rest undone: what is
   * done then has no gap, so that a poller can confirm all of it and nothing is handled again.
   * When `signal` aborts, everything still open is dropped, {@link DispatcherOptions.onDone}
   * hearing no more of it. Resolves when nothing is open; never rejects.
   */
  drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#dropBehind(this.#lastBegun);
    return new Promise((resolve) => {
      const onAbort = (): void => this.#abandon(signal.reason);
      const others = this.#onEmpty;
      this.#onEmpty = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
        others?.();
      };
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else if (this.#open === 0) this.#onEmpty?.();
    });
  }

  #giveTurn(lane: Lane): void {
    this.#ready.add(lane);
    this.#begin();
  }

  #begin(): void {
    for (const lane of this.#ready) {
      if (this.#inHand >= this.#maxConcurrent) return;
      this.#ready.delete(lane);
      const [entry] = lane.queue;
      if (entry) void this.#try(lane, entry);
    }
  }

  async #try(lane: Lane, entry: Entry): Promise<void> {
    this.#inHand++;
    entry.attempts++;
    this.#lastBegun = Math.max(this.#lastBegun, entry.place);
    entry.abort = new AbortController();
    const outcome = await this.#outcomeOf(entry, entry.abort);
    // Abandoned.
    if (!this.#lanes.has(lane.key)) return;
    this.#inHand--;
    if (outcome.kind === 'again') this.#pause(lane, entry, outcome);
    else this.#finish(lane, entry, outcome);
    this.#begin();
  }

  async #outcomeOf(entry: Entry, abort: AbortController): Promise<UpdateOutcome | Again> {
    const { handle, retryable, heldBackMs, random } = this.#options;
    const { update, attempts } = entry;
    try {
      return { kind: await handle(update, attempts, abort) };
    } catch (error) {
      const delayMs = heldBackMs(error);
      if (delayMs !== undefined) return { kind: 'again', delayMs, heldBack: true };
      if (isLastTry(attempts, retryable(error))) return { kind: 'skipped', error, attempts };
      const backoffMs = fullJitterMs(RETRY_BACKOFF, attempts - 1, random);
      return { kind: 'again', delayMs: backoffMs, heldBack: false };
    }
  }

  #finish(lane: Lane, entry: Entry, outcome: UpdateOutcome): void {
    lane.queue.shift();
    if (lane.queue.length > 0) this.#ready.add(lane);
    else this.#lanes.delete(lane.key);
    this.#open--;
    const { clock, onDone } = this.#options;
    onDone(entry.update, outcome, clock.monotonicMs() - entry.sinceMs);
    if (this.#open === 0) this.#onEmpty?.();
  }

  #pause(lane: Lane, entry: Entry, { delayMs, heldBack }: Again): void {
    if (heldBack) entry.attempts--;
    lane.heldBack = heldBack;
    lane.retry = this.#options.clock.setTimer(delayMs, () => this.#resume(lane));
  }

  #resume(lane: Lane): void {
    lane.heldBack = false;
    this.#giveTurn(lane);
  }

  #dropBehind(place: number): void {
    for (const lane of this.#lanes.values()) {
      const kept = lane.queue.filter((entry) => entry.place <= place);
      this.#open -= lane.queue.length - kept.length;
      lane.queue.length = kept.length;
      if (kept.length > 0) continue;
      this.#lanes.delete(lane.key);
      this.#ready.delete(lane);
    }
  }

  #abandon(reason: unknown): void {
    const abandoned = [...this.#lanes.values()];
    this.#lanes.clear();
    this.#ready.clear();
    this.#open = 0;
    this.#inHand = 0;
    for (const { retry, queue } of abandoned) {
      retry?.cancel();
      queue[0]?.abort?.abort(reason);
    }
    this.#onEmpty?.();
  }
}
