import { Api, type ApiClientOptions, Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { BotAssignment } from '../../control/port.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { errorMessage, TenantBotError } from '../../lib/errors.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Log } from '../../telemetry/log.ts';
import { UpdateDispatcher, type UpdateOutcome } from '../dispatch/update-dispatcher.ts';
import { type CompiledHandlers, compileHandlers } from '../handlers/compile.ts';
import { Poller } from '../intake/poller.ts';
import type { BotGuards } from '../pipeline/guards.ts';
import { createPipeline } from '../pipeline/pipeline.ts';
import type { Effects } from '../pipeline/step.ts';
import type { CallError } from '../telegram/call-error.ts';
import { DirectCaller } from '../telegram/direct-caller.ts';
import { grammyClientOptions } from '../telegram/grammy-fetch.ts';
import type { BotDeps } from './bot-deps.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { FailedTry, isCallFailure, isRetryable } from './failed-try.ts';
import { toBotError } from './fingerprint.ts';
import { OpenUpdates } from './open-updates.ts';

/** What one stretch of serving works with. */
export interface ServingOptions {
  readonly assignment: BotAssignment;
  readonly me: UserFromGetMe;
  readonly deps: BotDeps;
  readonly guards: BotGuards;
  readonly log: Log;
  readonly recorder: FactsRecorder;
  readonly dropPending: boolean;
}

/** A bot at work: updates come in, handlers answer them, what is finished is confirmed. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #client: ApiClientOptions;
  readonly #caller: DirectCaller;
  readonly #dispatcher: UpdateDispatcher;
  readonly #poller: Poller;
  readonly #open = new OpenUpdates();
  /** Ends the intake: told to stop, or a call was refused with a 401. */
  readonly #stop = new AbortController();
  #handlers: CompiledHandlers;
  #suspicion: CallError | undefined;

  /** Throws an input error where the handlers can't be made ready. */
  constructor(options: ServingOptions) {
    this.#options = options;
    const { assignment, deps } = options;
    this.#client = grammyClientOptions(deps.transport);
    this.#caller = new DirectCaller(deps.transport, assignment.token);
    this.#handlers = this.#compile(assignment);
    this.#dispatcher = new UpdateDispatcher({
      clock: deps.clock,
      random: deps.random,
      maxConcurrent: assignment.spec.updates.maxConcurrent,
      handle: (update, attempt, signal) => this.#try(update, attempt, signal),
      retryable: (error) => error instanceof FailedTry && error.retryable,
      onDone: (update, outcome) => this.#done(update, outcome),
    });
    this.#poller = new Poller({
      caller: this.#caller,
      clock: deps.clock,
      random: deps.random,
      events: {
        onUpdates: (updates) => this.#receive(updates),
        onPolled: () => options.recorder.noConflict(),
        onStuck: () => this.#giveUpOldestChat(),
        onTrouble: (error) => this.#trouble(error),
      },
      allowedUpdates: kindsFor(assignment, this.#handlers),
      dropPending: options.dropPending,
      holdSeconds: deps.holdSeconds,
    });
  }

  /**
   * Puts another spec into effect without interrupting anything. Throws an input error where its
   * handlers can't be made ready, and then goes on as before.
   */
  apply(assignment: BotAssignment): void {
    this.#handlers = this.#compile(assignment);
    this.#dispatcher.setMaxConcurrent(assignment.spec.updates.maxConcurrent);
    this.#poller.setAllowedUpdates(kindsFor(assignment, this.#handlers));
  }

  /**
   * Serves until `signal` aborts, finishes what has begun within the drain time, confirms it and
   * resolves. Rejects with an `unauthorized` CallError when Telegram refuses the token; updates in
   * hand then stay unconfirmed.
   */
  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#stop.abort();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      await this.#poller.start(this.#stop.signal);
      if (this.#suspicion) throw this.#suspicion;
      await this.#finish();
    } catch (error) {
      await this.#dispatcher.drain(AbortSignal.abort());
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #finish(): Promise<void> {
    const { deps, log } = this.#options;
    const deadline = new AbortController();
    const timer = deps.clock.setTimer(deps.drainMs(), () => deadline.abort());
    await this.#dispatcher.drain(deadline.signal);
    timer.cancel();
    if (this.#poller.open > 0) {
      log.warn({ open: this.#poller.open }, 'stopped with updates in hand; they will come again');
    }
    try {
      await this.#poller.confirm();
    } catch (error) {
      log.warn(`the last updates are not confirmed and may come again: ${errorMessage(error)}`);
    }
  }

  #compile(assignment: BotAssignment): CompiledHandlers {
    const { deps, log } = this.#options;
    return compileHandlers(assignment, { clock: deps.clock, httpPost: deps.httpPost, log });
  }

  #receive(updates: readonly Update[]): void {
    const { recorder, deps } = this.#options;
    recorder.count({ updates: updates.length });
    recorder.note({
      updates: { mode: 'Polling', lastUpdateAt: toTimestamp(deps.clock.wallMs()) },
    });
    for (const update of updates) {
      this.#open.add(update);
      this.#dispatcher.submit(update);
    }
  }

  async #try(
    update: Update,
    attempt: number,
    signal: AbortSignal,
  ): Promise<'handled' | 'unmatched'> {
    const { log, recorder } = this.#options;
    const updateId = update.update_id;
    const effects = { mayHaveHappened: false };
    try {
      return await this.#open.try(updateId, signal, (signal) => {
        const ctx = this.#contextFor(update, effects, signal);
        return this.#handlers.handle({ ctx, attempt }, signal);
      });
    } catch (error) {
      if (!isCallFailure(error)) recorder.count({ errors: 1 });
      log.debug({ updateId, attempt }, `a try failed: ${errorMessage(error)}`);
      if (this.#open.isGivenUp(updateId)) throw new FailedTry(blockedOthers(error), false);
      throw new FailedTry(error, isRetryable(error, effects));
    }
  }

  #contextFor(update: Update, effects: Effects, signal: AbortSignal): Context {
    const { assignment, me, deps, guards, recorder } = this.#options;
    const api = new Api(assignment.token.reveal(), this.#client);
    api.config.use(
      ...createPipeline({
        clock: deps.clock,
        random: deps.random,
        signal,
        effects,
        bot: guards,
        shard: deps.guards,
        priority: 'reply',
        send: (method, json, signal) => this.#caller.send(method, json, signal),
        onSent: () => recorder.count({ replies: 1 }),
        onStateChange: () => recorder.transition({}),
        onFailed: (error) => this.#callFailed(error),
      }),
    );
    return new Context(update, api, me);
  }

  #giveUpOldestChat(): void {
    const updates = this.#open.giveUpOldestChat();
    this.#options.log.error(
      { updates },
      'a chat kept all others waiting: its updates are given up',
    );
  }

  #callFailed(error: CallError): void {
    if (error.fault === 'aborted') return;
    this.#options.recorder.count({ errors: 1 });
    if (error.fault !== 'unauthorized') return;
    this.#suspicion ??= error;
    this.#stop.abort();
  }

  #done(update: Update, outcome: UpdateOutcome): void {
    const { recorder, log, deps } = this.#options;
    if (outcome.kind === 'skipped') {
      const cause = outcome.error instanceof FailedTry ? outcome.error.cause : outcome.error;
      const lastError = toBotError(cause, toTimestamp(deps.clock.wallMs()));
      const { attempts } = outcome;
      const { fingerprint, message } = lastError;
      log.error({ updateId: update.update_id, attempts, fingerprint }, `gave up: ${message}`);
      recorder.count({ skipped: 1 });
      recorder.note({ lastError });
    } else if (outcome.kind === 'handled') {
      recorder.count({ handled: 1 });
    }
    this.#open.remove(update.update_id);
    this.#poller.finish(update.update_id);
  }

  #trouble(error: CallError): void {
    const { recorder, log, deps } = this.#options;
    const now = toTimestamp(deps.clock.wallMs());
    log.warn({ code: error.code }, `no updates for now: ${error.message}`);
    recorder.count({ errors: 1 });
    recorder.note({ lastError: toBotError(error, now) });
    if (error.fault === 'conflict') recorder.conflict(error.message, now);
  }
}

/** The kinds of update to ask for: what the spec says, else what the handlers can fit. */
function kindsFor(assignment: BotAssignment, handlers: CompiledHandlers): readonly UpdateKind[] {
  return assignment.spec.updates.allowedUpdates ?? handlers.allowedUpdates;
}

function blockedOthers(cause: unknown): TenantBotError {
  return new TenantBotError(
    'remote',
    'CHAT_STUCK',
    "The update took so long that it kept all other chats waiting, and was given up. Make the bot's service answer faster.",
    { cause },
  );
}
