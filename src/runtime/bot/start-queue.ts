import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { CallError } from '../telegram/call-error.ts';

/**
 * Who comes first when bots wait to ask who they are: those that somebody waits for, those whose
 * token was good last time, those that nothing is known of, and those that Telegram has refused.
 */
const START_RANKS = ['asked', 'known', 'new', 'suspect', 'dead'] as const;
export type StartRank = (typeof START_RANKS)[number];

/** One bot's place in the line. */
export interface StartTurn {
  /** The bot; two refusals of one bot say nothing of the others. */
  readonly uid: string;
  readonly rank: StartRank;
}

/** How many may be refused at once; then one more each half minute. */
const REFUSALS = 4;
const REFUSAL_EVERY_MS = 30_000;

interface Waiter {
  readonly turn: StartTurn;
  readonly begin: () => void;
}

/**
 * The line in which the bots of a runtime wait for their getMe. Telegram loads so many bots a minute
 * for one address, and a bot that is not loaded yet looks no different from one that is: so the line
 * goes on until Telegram puts off two bots, then rests as long as it asks for, and comes back to its
 * full width one answer at a time.
 *
 * A refused token is loaded, too. What that costs is bounded: a try with a token that was refused
 * before counts against a budget of two a minute unless it turns out well.
 */
export class StartQueue {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fullWidth: number;
  readonly #lines = new Map<StartRank, Set<Waiter>>(START_RANKS.map((rank) => [rank, new Set()]));
  #width: number;
  #running = 0;
  #restsUntilMs = 0;
  /** Who was put off last, unless that is over. */
  #putOff: string | undefined;
  #refusals = REFUSALS;
  #refusalsAtMs = 0;
  #timer: Timer | undefined;

  /** At most `width` bots ask at once. */
  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }, width: number) {
    this.#clock = clock;
    this.#log = log;
    this.#fullWidth = width;
    this.#width = width;
  }

  /**
   * Runs `work`, one call to Telegram, when the turn has come; again where Telegram puts off whoever
   * asks. Rejects with what `work` rejects with otherwise, and where `signal` aborts meanwhile.
   */
  async pass<Result>(
    turn: StartTurn,
    work: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    for (let again = false; ; again = true) {
      await this.#await(turn, { isFirst: again, signal });
      try {
        const result = await work();
        this.#answered(turn);
        return result;
      } catch (error) {
        if (!this.#isPutOffWithAll(turn, error)) throw error;
      } finally {
        this.#running--;
        this.#admit();
      }
    }
  }

  #await(
    turn: StartTurn,
    { isFirst, signal }: { readonly isFirst: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#lines.get(turn.rank)?.delete(waiter);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        leave();
        this.#admit();
        reject(signal.reason as Error);
      };
      const begin = (): void => {
        leave();
        resolve();
      };
      const waiter: Waiter = { turn, begin };
      this.#join(waiter, isFirst);
      signal.addEventListener('abort', onAbort);
      this.#admit();
    });
  }

  #join(waiter: Waiter, isFirst: boolean): void {
    const { rank } = waiter.turn;
    const line = this.#lines.get(rank);
    if (isFirst) this.#lines.set(rank, new Set([waiter, ...(line ?? [])]));
    else line?.add(waiter);
  }

  /** Lets in as many as may, and comes back when more may. */
  #admit(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#running < this.#width) {
      const next = this.#next();
      if (!next) return;
      const waitMs = this.#waitMs(next.turn);
      if (waitMs > 0) {
        this.#timer = this.#clock.setTimer(waitMs, () => this.#admit());
        return;
      }
      if (isDoubtful(next.turn)) this.#refusals--;
      this.#running++;
      next.begin();
    }
  }

  #next(): Waiter | undefined {
    for (const line of this.#lines.values()) for (const waiter of line) return waiter;
    return undefined;
  }

  #waitMs(turn: StartTurn): number {
    const nowMs = this.#clock.monotonicMs();
    const restMs = this.#restsUntilMs - nowMs;
    if (restMs > 0 || !isDoubtful(turn)) return restMs;
    this.#refill(nowMs);
    return this.#refusals > 0 ? 0 : this.#refusalsAtMs + REFUSAL_EVERY_MS - nowMs;
  }

  #refill(nowMs: number): void {
    const more = Math.floor((nowMs - this.#refusalsAtMs) / REFUSAL_EVERY_MS);
    this.#refusals += more;
    this.#refusalsAtMs += more * REFUSAL_EVERY_MS;
    if (this.#refusals < REFUSALS) return;
    this.#refusals = REFUSALS;
    this.#refusalsAtMs = nowMs;
  }

  #answered(turn: StartTurn): void {
    if (isDoubtful(turn)) this.#refusals++;
    this.#widen();
  }

  #isPutOffWithAll(turn: StartTurn, error: unknown): boolean {
    const { fault, retryAfterMs = 0 } = error instanceof CallError ? error : {};
    if (fault === 'unauthorized') {
      this.#widen();
      return false;
    }
    if (isDoubtful(turn)) this.#refusals++;
    return fault === 'rate-limited' && this.#slowDown(turn, retryAfterMs);
  }

  #widen(): void {
    if (this.#width < this.#fullWidth) this.#width++;
    if (this.#width === this.#fullWidth) this.#putOff = undefined;
  }

  /** Whether it is not about this bot alone: then the line rests. */
  #slowDown({ uid }: StartTurn, retryAfterMs: number): boolean {
    const isAboutAll =
      this.#width < this.#fullWidth || (this.#putOff !== undefined && this.#putOff !== uid);
    this.#putOff = uid;
    if (!isAboutAll) return false;
    const nowMs = this.#clock.monotonicMs();
    if (this.#restsUntilMs <= nowMs) {
      const seconds = Math.ceil(retryAfterMs / 1_000);
      this.#log.warn(
        { seconds },
        `Telegram takes no more bots for ${seconds} s; those that wait to start wait as long`,
      );
    }
    this.#restsUntilMs = Math.max(this.#restsUntilMs, nowMs + retryAfterMs);
    this.#width = 1;
    return true;
  }
}

function isDoubtful({ rank }: StartTurn): boolean {
  return rank === 'suspect' || rank === 'dead';
}
