import type { UserFromGetMe } from 'grammy/types';
import type { BotError } from '../../api/tenant-bot-status.ts';
import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { sleep } from '../../lib/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CallError, classifyThrown } from '../telegram/call-error.ts';
import type { BotDeps } from './bot-deps.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { toPauseError } from './fingerprint.ts';
import { type KnownToken, TokenCheck } from './token-check.ts';

/** How soon a check of a bot that runs is repeated while Telegram can't be asked. */
const RECHECK: BackoffPolicy = { initialMs: 10_000, maxMs: 600_000 };

/** What a {@link TokenKeeper} works with. */
export interface TokenKeeperOptions {
  readonly assignment: {
    readonly uid: string;
    /** What is known of the token. */
    readonly resume?: KnownToken;
  };
  readonly deps: Pick<BotDeps, 'clock' | 'random' | 'startQueue'>;
  /** In how long getMe may be made, as far as Telegram's pauses go. */
  readonly pausedMs: () => number;
  readonly getMe: (signal: AbortSignal) => Promise<UserFromGetMe>;
  readonly log: Log;
  readonly recorder: FactsRecorder;
  /** Telegram has accepted or refused the token, and the facts say so. */
  readonly onAnswer: () => void;
  /** Only another token helps. Asking goes on, seldom. */
  readonly onRevoked: () => void;
}

/** Asks Telegram about the token of one bot whenever that is due, and tells what it says as facts. */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  readonly #check: TokenCheck;
  /** Ends a wait that is too long for whoever asks now. */
  #hurry = new AbortController();
  #isAsked = false;
  #isIdentifying = false;
  #isRechecking = false;

  constructor(options: TokenKeeperOptions) {
    const { deps, assignment } = options;
    this.#options = options;
    this.#check = new TokenCheck(deps.clock, deps.random, assignment.resume);
  }

  /** Whether a check is under way. */
  get isBusy(): boolean {
    return this.#isIdentifying || this.#isRechecking;
  }

  /**
   * Asks who the bot is until Telegram says so. `refusal` is the 401 that another call has met:
   * then the first try waits a little. Rejects on abort.
   */
  async identify(signal: AbortSignal, refusal?: CallError): Promise<UserFromGetMe> {
    this.#isIdentifying = true;
    try {
      if (refusal) await this.#failed(refusal, signal);
      for (;;) {
        const hurry = this.#hurry.signal;
        try {
          return await this.#ask(signal);
        } catch (error) {
          if (signal.aborted) throw error;
          if (error !== hurry.reason) await this.#failed(classifyThrown(error), signal);
        }
      }
    } finally {
      this.#isIdentifying = false;
    }
  }

  /**
   * Has the token of a bot that runs checked once more. Resolves to Telegram's refusal, where it
   * refuses it: what follows is for whoever runs the bot. Where Telegram can't be asked, tries again
   * until `signal` aborts. Does nothing where a check is under way.
   */
  async recheck(signal: AbortSignal): Promise<CallError | undefined> {
    if (this.#isIdentifying || this.#isRechecking) return undefined;
    this.#isRechecking = true;
    try {
      for (let attempt = 0; ; attempt++) {
        const hurry = this.#hurry.signal;
        try {
          await this.#ask(signal);
          return undefined;
        } catch (error) {
          if (signal.aborted) return undefined;
          if (error === hurry.reason) continue;
          const failure = classifyThrown(error);
          if (failure.fault === 'unauthorized') return failure;
          this.#options.log.warn(`the token can't be checked now: ${failure.message}`);
          this.#options.recorder.transition({ lastError: this.#toError(failure) });
          const waitMs = equalJitterMs(RECHECK, attempt, this.#options.deps.random);
          await this.#wait(waitMs, signal).catch(() => undefined);
        }
      }
    } finally {
      this.#isRechecking = false;
    }
  }

  /** Somebody waits for the next check: it comes at once, and ahead of other bots'. */
  hasten(): void {
    this.#isAsked = true;
    this.#hurry.abort();
    this.#hurry = new AbortController();
  }

  async #ask(signal: AbortSignal): Promise<UserFromGetMe> {
    const { deps, assignment, pausedMs, getMe, recorder, onAnswer } = this.#options;
    const pauseMs = pausedMs();
    // Not in the line, where others would wait behind it.
    if (pauseMs > 0) await this.#wait(pauseMs, signal);
    const turn = {
      uid: assignment.uid,
      rank: this.#isAsked ? ('asked' as const) : this.#check.rank,
    };
    const inLine = AbortSignal.any([signal, this.#hurry.signal]);
    const me = await deps.startQueue.pass(turn, () => getMe(signal), inLine);
    this.#isAsked = false;
    this.#check.accepted();
    recorder.transition({
      token: this.#check.status,
      bot: { id: me.id, username: me.username, name: me.first_name },
    });
    onAnswer();
    return me;
  }

  async #failed(error: CallError, signal: AbortSignal): Promise<void> {
    const { log, recorder, onAnswer, onRevoked } = this.#options;
    const waitMs = this.#check.failed(error);
    const { status } = this.#check;
    log.warn({ token: status.state, waitMs: Math.round(waitMs) }, status.message);
    recorder.transition({ token: status, lastError: this.#toError(error) });
    if (error.fault === 'unauthorized') {
      this.#isAsked = false;
      onAnswer();
    }
    if (status.state === 'Revoked') onRevoked();
    await this.#wait(waitMs, signal);
  }

  #toError(error: CallError): BotError {
    return toPauseError(error, this.#options.deps.clock.wallMs());
  }

  /** Resolves early where somebody asks. Rejects on abort. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#hurry.signal]);
    await sleep(this.#options.deps.clock, ms, either).catch(() => signal.throwIfAborted());
  }
}
