import type { Update } from 'grammy/types';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import { type CallError, classifyThrown } from '../telegram/call-error.ts';
import type { DirectCaller, GetUpdates } from '../telegram/direct-caller.ts';
import { troublePauseMs } from './insist.ts';
import type { Intake, IntakeEvents } from './intake.ts';
import { Watermark } from './watermark.ts';

export interface PollerOptions {
  readonly caller: Pick<DirectCaller, 'getUpdates'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: IntakeEvents;
  readonly allowedUpdates: readonly UpdateKind[];
  /** Whether to begin with throwing away what waits. */
  readonly dropPending: boolean;
  /** Where to begin: all updates below were finished, whether or not Telegram knows. */
  readonly offset?: number | undefined;
  /** How long Telegram may hold a poll; it caps it at 50. */
  readonly holdSeconds: number;
}

/** The most that one answer holds. */
const LIMIT = 100;
/** A call that was broken off after so long had reached Telegram, and confirmed what it meant to. */
const ARRIVED_MS = 250;
/** For the last call of a bot. */
const CONFIRM_MS = 1_000;
/** How long the oldest update may keep all others from being seen. */
const STUCK_MS = 60_000;
/** Between two polls while updates are unfinished and the offset has moved. */
const MOVED_PAUSE_MS = 200;
/** The same where it has not: Telegram cuts an answer to one update within 500 ms. */
const UNMOVED_PAUSE_MS = 600;
/** An answer with more known updates than this for each new one was hardly worth while, */
const KNOWN_FOR_A_NEW_ONE = 8;
/** and the pauses after it are longer by as much, up to so many times. */
const LONGEST_PAUSE = 8;

/**
 * One bot's polling loop. It confirms no update that is not finished: the offset stops before the
 * oldest unfinished one, and whatever Telegram gives again is recognised by its id ({@link
 * Watermark}).
 *
 * Telegram never holds a poll whose offset has an update waiting. So while updates are in hand the
 * loop waits for them to be finished, and asks again after a short pause only to find updates of
 * other chats; as soon as all are finished it polls at once, and is held. Each such answer repeats
 * all that is in hand. So the pauses grow with what is read for nothing: a bot whose updates pile up
 * costs its neighbours no more than others do.
 *
 * An answer holds the {@link LIMIT} oldest unconfirmed updates, so that there are never more than
 * that many unfinished. It also means that an unfinished update hides what lies a hundred updates
 * behind it, since Telegram shows that only to those who confirm what is before. So a chat that is
 * stuck leaves the others of its bot alone until a hundred updates have come, most of them its own;
 * then it stops them for {@link STUCK_MS} at most, when {@link IntakeEvents.onStuck} gives it up.
 *
 * ```
 *         answer with updates           all finished
 *   held ────────────────────► paused ───────────────► held
 *    ▲ │                        │   ▲
 *    │ │ failure                └───┘ pause over: look for more
 *    │ ▼
 *   backing off   (a 409 backs off slowly: whoever else polls is not fought)
 * ```
 */
export class Poller implements Intake {
  readonly #options: PollerOptions;
  readonly #watermark = new Watermark();
  /** Resolves when the loop has ended. */
  #ended: Promise<void> | undefined;
  #stopping = false;
  #allowedUpdates: readonly UpdateKind[];
  /** Ends the poll in flight. */
  #interrupt = new AbortController();
  #onProgress: (() => void) | undefined;
  /** The offset of the last getUpdates, and of the last that is known to have reached Telegram. */
  #sent = 0;
  #confirmed = 0;
  /** The last answer was full: the next one has room for what is new as far as these are finished. */
  #full = false;
  /** How many times longer the pauses are, for all that the last answer repeated. */
  #pauseFactor = 1;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#allowedUpdates = options.allowedUpdates;
    if (options.offset !== undefined) this.#watermark.skipTo(options.offset - 1);
  }

  /** All updates below are finished; undefined before the first one was seen. */
  get offset(): number | undefined {
    return this.#watermark.offset || undefined;
  }

  finish(updateId: number): void {
    this.#watermark.finish(updateId);
    this.#onProgress?.();
  }

  /** A poll in flight is broken off. */
  setAllowedUpdates(kinds: readonly UpdateKind[]): void {
    if (kinds.join() === this.#allowedUpdates.join()) return;
    this.#allowedUpdates = kinds;
    this.#interrupt.abort();
  }

  start(): void {
    this.#ended = this.#run().catch((error: unknown) => this.#options.events.onFailed(error));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#interrupt.abort();
    this.#onProgress?.();
    await this.#ended;
  }

  async confirm(): Promise<void> {
    const offset = this.#watermark.offset;
    if (offset === 0 || offset === this.#confirmed) return;
    // Telegram holds a call with the offset of the one before. That it arrives is enough.
    const limitMs = offset === this.#sent ? ARRIVED_MS : CONFIRM_MS;
    const timer = this.#options.clock.setTimer(limitMs, () => this.#interrupt.abort());
    try {
      await this.#getUpdates({ offset, limit: 1, timeout: 0 });
    } catch (error) {
      if (offset !== this.#confirmed) throw error;
    } finally {
      timer.cancel();
    }
  }

  /** One function for all of the loop: each bot that waits for its poll would hold every other. */
  async #run(): Promise<void> {
    let dropPending = this.#options.dropPending;
    for (let failures = 0; !this.#stopping; ) {
      try {
        const updates = await this.#getUpdates(dropPending ? LAST_UPDATE : this.#nextPoll());
        failures = 0;
        if (dropPending) this.#skip(updates);
        else this.#take(updates);
        dropPending = false;
        if (this.#watermark.open > 0) await this.#pause();
      } catch (error) {
        const failure = classifyThrown(error);
        if (failure.fault === 'unauthorized') throw failure;
        // What was broken off is made again at once.
        if (failure.fault === 'aborted' || this.#stopping) continue;
        this.#options.events.onTrouble(failure);
        const pauseMs = troublePauseMs(failure, failures++, this.#options.random);
        await this.#progress(() => false, pauseMs);
      }
    }
  }

  #nextPoll(): GetUpdates {
    return {
      offset: this.#watermark.beginPoll(),
      limit: LIMIT,
      timeout: this.#options.holdSeconds,
      allowed_updates: this.#allowedUpdates,
    };
  }

  #skip([last]: readonly Update[]): void {
    if (last) this.#watermark.skipTo(last.update_id);
  }

  #take(updates: readonly Update[]): void {
    const { events } = this.#options;
    const fresh = updates.filter((update) => this.#watermark.accept(update.update_id));
    this.#full = updates.length >= LIMIT;
    this.#pauseFactor = pauseFactor(fresh.length, updates.length - fresh.length);
    events.onContact();
    if (fresh.length > 0) events.onUpdates(fresh);
    if (updates.length === 0) events.onLull();
  }

  /** Calls getUpdates, keeping account of what that confirms. Rejects with a CallError. */
  #getUpdates(parameters: GetUpdates): Promise<readonly Update[]> {
    const { caller, clock } = this.#options;
    if (this.#interrupt.signal.aborted) this.#interrupt = new AbortController();
    const begunMs = clock.monotonicMs();
    this.#sent = parameters.offset;
    return caller.getUpdates(parameters, this.#interrupt.signal).then(
      (updates) => {
        this.#confirmed = parameters.offset;
        return updates;
      },
      (error: unknown) => {
        const failure = classifyThrown(error);
        const heldMs = clock.monotonicMs() - begunMs;
        if (hasArrived(failure, heldMs)) this.#confirmed = parameters.offset;
        throw failure;
      },
    );
  }

  /** Waits while updates are unfinished and asking again would be of little use. */
  async #pause(): Promise<void> {
    const finished = (): boolean => this.#watermark.open === 0;
    const moved = (): boolean => finished() || this.#watermark.offset !== this.#confirmed;
    const { clock } = this.#options;
    const answeredMs = clock.monotonicMs();
    if (this.#full) {
      const most = this.#watermark.open - LIMIT / (1 + KNOWN_FOR_A_NEW_ONE);
      await this.#progress(moved, STUCK_MS);
      if (!moved() && !this.#stopping) this.#options.events.onStuck();
      const worthWhile = (): boolean => this.#watermark.open <= most;
      await this.#progress(worthWhile, UNMOVED_PAUSE_MS * LONGEST_PAUSE);
    }
    const waitedMs = clock.monotonicMs() - answeredMs;
    const leftMs = MOVED_PAUSE_MS * this.#pauseFactor - waitedMs;
    await this.#progress(finished, Math.max(leftMs, MOVED_PAUSE_MS));
    await this.#progress(moved, (UNMOVED_PAUSE_MS - MOVED_PAUSE_MS) * this.#pauseFactor);
  }

  /** Resolves when `enough` holds after some update was finished, in `limitMs`, or on {@link stop}. */
  #progress(enough: () => boolean, limitMs: number): Promise<void> {
    if (enough() || this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#onProgress = undefined;
        resolve();
      };
      const timer = this.#options.clock.setTimer(limitMs, done);
      this.#onProgress = () => {
        if (enough() || this.#stopping) done();
      };
    });
  }
}

/** Gives the last one that waits; all before it count as confirmed. */
const LAST_UPDATE: GetUpdates = { offset: -1, limit: 1, timeout: 0 };

function pauseFactor(fresh: number, known: number): number {
  const worthWhile = KNOWN_FOR_A_NEW_ONE * Math.max(1, fresh);
  return Math.min(Math.max(1, known / worthWhile), LONGEST_PAUSE);
}

/** Whether a poll that we broke off was held by Telegram until then. */
function hasArrived(failure: CallError, heldMs: number): boolean {
  return failure.fault === 'aborted' && failure.mayHaveHappened && heldMs >= ARRIVED_MS;
}
