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
  /** Made when asked for. */
  readonly log: Log;
  readonly recorder: FactsRecorder;
  /** As `onAnswer` and `onRevoked` of a {@link TokenKeeper}. */
  onTokenAnswer(): void;
  onTokenRevoked(): void;
}

/** The bot of a token, and what was known of it before. */
export interface TokenBot {
  readonly uid: string;
  readonly resume: KnownToken | undefined;
  readonly calls: BotCalls;
}

/** A bot's {@link TokenKeeper}, which is there only while something is to be found out. */
export class BotToken {
  readonly #bot: TokenBot;
  readonly #deps: BotDeps;
  readonly #host: TokenHost;
  #kept: TokenKeeper | undefined;

  constructor(bot: TokenBot, deps: BotDeps, host: TokenHost) {
    this.#bot = bot;
    this.#deps = deps;
    this.#host = host;
  }

  /** Whether a check is under way. */
  get isBusy(): boolean {
    return this.#kept?.isBusy ?? false;
  }

  /** As {@link TokenKeeper.identify}. */
  async identify(signal: AbortSignal, refusal?: CallError): Promise<UserFromGetMe> {
    const me = await this.#keeper.identify(signal, refusal);
    this.#kept = undefined;
    return me;
  }

  /** As {@link TokenKeeper.recheck}. */
  async recheck(signal: AbortSignal): Promise<CallError | undefined> {
    const refusal = await this.#keeper.recheck(signal);
    if (!this.isBusy) this.#kept = undefined;
    return refusal;
  }

  /** As {@link TokenKeeper.hasten}. */
  hasten(): void {
    this.#keeper.hasten();
  }

  get #keeper(): TokenKeeper {
    this.#kept ??= this.#keep();
    return this.#kept;
  }

  #keep(): TokenKeeper {
    const { uid, resume } = this.#bot;
    const host = this.#host;
    const { token, bot } = host.recorder.facts;
    const known = token === UNCHECKED ? resume : { token: token.state, ...present({ bot }) };
    return new TokenKeeper({
      assignment: { uid, ...present({ resume: known }) },
      deps: this.#deps,
      pausedMs: () => this.#bot.calls.bot.rates.pausedMs('getMe', 'getUpdates'),
      getMe: (signal) => this.#getMe(signal),
      log: host.log,
      recorder: host.recorder,
      onAnswer: () => host.onTokenAnswer(),
      onRevoked: () => host.onTokenRevoked(),
    });
  }

  #getMe(signal: AbortSignal): Promise<UserFromGetMe> {
    const { calls } = this.#bot;
    const call = { context: calls, method: 'getMe', priority: 'poll', signal } as const;
    return makeBare('getMe', call, () => calls.caller.getMe(signal));
  }
}
