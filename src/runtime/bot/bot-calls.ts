import { Api, type ApiClientOptions } from 'grammy';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import type { BotGuards, ShardGuards } from '../pipeline/guards.ts';
import { createPipeline } from '../pipeline/pipeline.ts';
import type { CallContext, Occasion } from '../pipeline/step.ts';
import type { BotRef } from '../records/bot-ref.ts';
import type { CallError } from '../telegram/call-error.ts';
import { DirectCaller } from '../telegram/direct-caller.ts';
import { grammyClientOptions } from '../telegram/grammy-fetch.ts';
import type { ExchangeAnswer } from '../transport/exchange.ts';
import type { BotDeps } from './bot-deps.ts';
import type { FactsRecorder } from './facts-recorder.ts';

/** A call to Telegram that takes so long is told of in the log. */
const SLOW_MS = 3_000;

/** Who is told how the calls of a bot go. Its methods must not throw. */
export interface CallsHost extends BotRef {
  readonly guards: BotGuards;
  readonly recorder: FactsRecorder;
  /** Made when asked for. */
  readonly log: Log;
  /** A message reached Telegram. */
  onSent(): void;
  /** The breaker or the health of the bot has changed its state. */
  onStateChange(): void;
  /** A call failed for good. */
  onCallFailed(error: CallError): void;
}

/** A bot's way to Telegram: its calls, with and without grammY, all behind the same guards. */
export class BotCalls implements CallContext {
  /** Goes past the guards. */
  readonly caller: DirectCaller;
  readonly #deps: BotDeps;
  readonly #host: CallsHost;
  readonly #token: Secret;

  constructor(deps: BotDeps, token: Secret, host: CallsHost) {
    this.caller = new DirectCaller(deps.transport, token);
    this.#deps = deps;
    this.#host = host;
    this.#token = token;
  }

  get bot(): BotGuards {
    return this.#host.guards;
  }

  get shard(): ShardGuards {
    return this.#deps.guards;
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get random(): Random {
    return this.#deps.random;
  }

  send(method: string, json: string, signal: AbortSignal | undefined): Promise<ExchangeAnswer> {
    return this.caller.send(method, json, signal);
  }

  onSent(): void {
    this.#host.onSent();
  }

  onStateChange(): void {
    this.#host.onStateChange();
  }

  onPause(): void {
    this.#host.recorder.note({});
  }

  onTried(method: string, failure: CallError | undefined, tookMs: number): void {
    this.#deps.history.called(this.#host, method, failure, tookMs);
    if (tookMs >= SLOW_MS) {
      const fault = failure?.fault;
      this.#host.log.warn({ method, tookMs: Math.round(tookMs), fault }, 'a call was slow');
    }
  }

  onFailed(error: CallError): void {
    this.#host.onCallFailed(error);
  }

  /** How grammY is to reach Telegram; worth keeping by who makes many an Api. */
  clientOptions(): ApiClientOptions {
    return grammyClientOptions(this.#deps.transport);
  }

  /** An Api for the calls of one occasion. */
  api(occasion: Occasion, client = this.clientOptions()): Api {
    const api = new Api(this.#token.reveal(), client);
    api.config.use(createPipeline(this, occasion));
    return api;
  }

  /** An Api for calls that no update asks for; they end with `signal`. */
  background(signal: AbortSignal): Api {
    return this.api({ effects: { mayHaveHappened: false }, signal, priority: 'background' });
  }
}
