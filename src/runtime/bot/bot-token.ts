import type { UserFromGetMe } from 'grammy/types';
import { present } from '../../lib/present.ts';
import type { Log } from '../../telemetry/log.ts';
import { makeBare } from '../pipeline/pipeline.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { BotCalls } from './bot-calls.ts';
import type { BotDeps } from './bot-deps.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { type KnownToken, UNCHECKED } from './token-check.ts';
import { TokenKeeper } from './token-keeper.ts';

/** Whose token it is. */
export interface TokenHost {
  readonly uid: string;
  readonly calls: BotCalls;
  /** What was known of the token before. */
  readonly resume: KnownToken | undefined;
  /** Made when asked for. */
  readonly log: Log;
  readonly recorder: FactsRecorder;
  /** As `onAnswer` and `onRevoked` of a {@link TokenKeeper}. */
  onTokenAnswer(): void;
  onTokenRevoked(): void;
}

/** How long what Telegram has said of a token is good, and what is added to that at most. */
const GOOD_MS = 24 * 3_600_000;
const JITTER = 0.1;

/** A bot's {@link TokenKeeper}, which is there only while something is to be found out. */
export class BotToken {
  readonly #deps: BotDeps;
  readonly #host: TokenHost;
  #kept: TokenKeeper | undefined;
  /** When Telegram is to be asked again. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(deps: BotDeps, host: TokenHost) {
    this.#deps = deps;
    this.#host = host;
  }

  /** Whether a check is under way. */
  get isBusy(): boolean {
    return this.#kept?.isBusy ?? false;
  }

  /** Whether a day has passed since Telegram was asked. */
  get isDue(): boolean {
    return this.#deps.clock.monotonicMs() >= this.#dueMs;
  }

  /** As {@link TokenKeeper.identify}. */
  async identify(signal: AbortSignal, refusal?: CallError): Promise<UserFromGetMe> {
    const me = await this.#keeper.identify(signal, refusal);
    this.#asked();
    return me;
  }

  /** As {@link TokenKeeper.recheck}. */
  async recheck(signal: AbortSignal): Promise<CallError | undefined> {
    const refusal = await this.#keeper.recheck(signal);
    if (!this.isBusy) this.#asked();
    return refusal;
  }

  /** As {@link TokenKeeper.hasten}. */
  hasten(): void {
    this.#keeper.hasten();
  }

  #asked(): void {
    const { clock, random } = this.#deps;
    this.#kept = undefined;
    this.#dueMs = clock.monotonicMs() + GOOD_MS * (1 + JITTER * random());
  }

  get #keeper(): TokenKeeper {
    this.#kept ??= this.#keep();
    return this.#kept;
  }

  #keep(): TokenKeeper {
    const host = this.#host;
    const { uid, resume } = host;
    const { token, bot } = host.recorder.facts;
    const known = token === UNCHECKED ? resume : { token: token.state, ...present({ bot }) };
    return new TokenKeeper({
      assignment: { uid, ...present({ resume: known }) },
      deps: this.#deps,
      pausedMs: () => host.calls.bot.rates.pausedMs('getMe', 'getUpdates'),
      getMe: (signal) => this.#getMe(signal),
      log: host.log,
      recorder: host.recorder,
      onAnswer: () => host.onTokenAnswer(),
      onRevoked: () => host.onTokenRevoked(),
    });
  }

  #getMe(signal: AbortSignal): Promise<UserFromGetMe> {
    const { calls } = this.#host;
    const call = { context: calls, method: 'getMe', priority: 'poll', signal } as const;
    return makeBare('getMe', call, () => calls.caller.getMe(signal));
  }
}
