import { Api, type ApiClientOptions, Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { BotAssignment } from '../../control/port.ts';
import { aborted } from '../../lib/aborted.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';
import type { Log } from '../../telemetry/log.ts';
import { UpdateDispatcher, type UpdateOutcome } from '../dispatch/update-dispatcher.ts';
import { IntakeSwitch } from '../intake/intake-switch.ts';
import { webhookCallsOf } from '../intake/webhook-calls.ts';
import { LONGEST_LOOK_MS } from '../intake/webhook-intake.ts';
import { GuardedPolls } from '../pipeline/guarded-polls.ts';
import type { BotGuards } from '../pipeline/guards.ts';
import { heldBackMs, throwIfHeldBack } from '../pipeline/held-back.ts';
import { createPipeline } from '../pipeline/pipeline.ts';
import type { CallContext, Effects, Occasion } from '../pipeline/step.ts';
import { ProfileSync } from '../profile/profile-sync.ts';
import { CallError } from '../telegram/call-error.ts';
import { DirectCaller } from '../telegram/direct-caller.ts';
import { grammyClientOptions } from '../telegram/grammy-fetch.ts';
import { WebhookKeys } from '../webhook/webhook-keys.ts';
import type { BotDeps } from './bot-deps.ts';
import { BotHandlers } from './bot-handlers.ts';
import type { ErrorOwner } from './boundary.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { FailedTry, holdBackMs, isCallFailure, isRetryable } from './failed-try.ts';
import { toBotError } from './fingerprint.ts';
import type { Heartbeat } from './heartbeat.ts';
import { OpenUpdates } from './open-updates.ts';
import { WITHDRAWN, YIELDED } from './withdrawn.ts';

/** How long one try may take, apart from the time that the bot's service is given. */
const TRY_MS = 60_000;
/** How long an intake that was told to stop may take to do so. */
const INTAKE_STOP_MS = 2_000;
/** An intake in trouble is heard of again after its pause: no longer than this, and what Telegram said. */
const LONGEST_BACKOFF_MS = 60_000;

/** What one stretch of serving works with. */
export interface ServingOptions {
  readonly assignment: BotAssignment;
  readonly me: UserFromGetMe;
  readonly deps: BotDeps;
  /** Who answers for what is done here. */
  readonly owner: ErrorOwner;
  readonly guards: BotGuards;
  /** Hears of the intake. */
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly recorder: FactsRecorder;
  readonly dropPending: boolean;
  /** All updates below were finished before. */
  readonly offset: number | undefined;
}

/** A bot at work: updates come in, handlers answer them, what is finished is confirmed. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #client: ApiClientOptions;
  readonly #caller: DirectCaller;
  readonly #calls: CallContext;
  readonly #polls: GuardedPolls;
  readonly #dispatcher: UpdateDispatcher;
  readonly #updates: IntakeSwitch;
  readonly #open: OpenUpdates;
  /** Ends the intake: told to stop, or something went wrong. */
  readonly #stop = new AbortController();
  readonly #handlers: BotHandlers;
  #tryLimitMs: number;
  #failure: { readonly error: unknown } | undefined;
  /** Made with the first profile that is wanted: most bots have none. */
  #profile: ProfileSync | undefined;

  /** Throws an input error where the handlers can't be made ready. */
  constructor(options: ServingOptions) {
    this.#options = options;
    const { assignment, deps } = options;
    this.#open = new OpenUpdates(deps.clock);
    this.#client = grammyClientOptions(deps.transport);
    this.#caller = new DirectCaller(deps.transport, assignment.token);
    this.#calls = {
      bot: options.guards,
      shard: deps.guards,
      clock: deps.clock,
      random: deps.random,
      send: (method, json, signal) => this.#caller.send(method, json, signal),
      onSent: () => options.recorder.count('replies'),
      onStateChange: () => this.#stateChanged(),
      onFailed: (error) => this.#callFailed(error),
    };
    this.#polls = new GuardedPolls({
      ...this.#calls,
      caller: this.#caller,
      stopping: this.#stop.signal,
      onHeld: (forMs) => options.heartbeat.beat(forMs),
    });
    this.#handlers = this.#handlersFor(assignment);
    this.#tryLimitMs = tryLimitMs(assignment);
    this.#dispatcher = new UpdateDispatcher({
      clock: deps.clock,
      random: deps.random,
      maxConcurrent: assignment.spec.updates.maxConcurrent,
      handle: (update, attempt, abort) => this.#try(update, attempt, abort),
      retryable: (error) => error instanceof FailedTry && error.retryable,
      heldBackMs: (error) => (error instanceof FailedTry ? error.heldBackMs : undefined),
      onDone: (update, outcome) => this.#done(update, outcome),
    });
    this.#updates = new IntakeSwitch({
      caller: this.#polls,
      webhookCalls: webhookCallsOf((signal) => this.#backgroundApi(signal)),
      keys: new WebhookKeys(assignment.token),
      door: deps.webhookDoor,
      clock: deps.clock,
      random: deps.random,
      sweep: deps.sweep,
      events: {
        // Those of a webhook come from a server that all bots share.
        onUpdates: (updates) => deps.boundary.run(options.owner, () => this.#receive(updates)),
        onContact: () => this.#contact(),
        onStuck: () => this.#giveUpOldestChat(),
        onTrouble: (error) => this.#trouble(error),
        onMode: (updates) => options.recorder.updatesCome(updates),
        onWebhook: (aspect) => {
          options.recorder.aspect('webhook', aspect);
          // Told with each look, as a poll that brings nothing is: time to forget what is over.
          options.guards.rates.tidy();
        },
      },
      mode: assignment.spec.updates.mode,
      allowedUpdates: this.#handlers.allowedUpdates,
      dropPending: options.dropPending,
      offset: options.offset,
      isOwner: deps.inContact,
      holdSeconds: deps.holdSeconds,
    });
  }

  /** All updates below are finished; undefined where no poll has told of any. */
  get offset(): number | undefined {
    return this.#updates.offset;
  }

  /**
   * Puts another spec into effect without interrupting anything. Throws an input error where its
   * handlers can't be made ready, and then goes on as before.
   */
  apply(assignment: BotAssignment): void {
    this.#handlers.apply(assignment);
    this.#tryLimitMs = tryLimitMs(assignment);
    this.#dispatcher.setMaxConcurrent(assignment.spec.updates.maxConcurrent);
    this.#updates.setAllowedUpdates(this.#handlers.allowedUpdates);
    this.#updates.setMode(assignment.spec.updates.mode);
    this.#syncProfile(assignment);
  }

  /**
   * Serves until `signal` aborts, finishes what has begun within the drain time, confirms it and
   * resolves; at once, with what is in hand left to it, where a newer owner has the bot. Rejects with an `unauthorized` CallError when Telegram refuses the token, and with
   * what {@link Serving.fail} was told; updates in hand then stay unconfirmed.
   */
  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#stop.abort();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    this.#handlers.start();
    this.#syncProfile(this.#options.assignment);
    try {
      await this.#intake();
      if (signal.reason === YIELDED) {
        await this.#dispatcher.drain(AbortSignal.abort());
        return;
      }
      await this.#finish();
      if (signal.reason === WITHDRAWN) await this.#leave();
    } catch (error) {
      await this.#dispatcher.drain(AbortSignal.abort());
      // What was answered is not to be answered again.
      if (!isRefusal(error)) await this.#confirm();
      throw error;
    } finally {
      this.#handlers.close();
      this.#profile?.close();
      this.#updates.close();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Breakers may let calls through again: what waits for them need wait no longer. */
  hasten(): void {
    this.#polls.wake();
    this.#dispatcher.hasten();
  }

  /** Ends the serving at once: {@link Serving.start} rejects with `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort();
  }

  /**
   * Takes updates in until told to stop. An intake that hangs is left behind then: what it may yet
   * do was aborted.
   */
  async #intake(): Promise<void> {
    const { signal } = this.#stop;
    const ended = this.#updates.start(signal);
    await Promise.race([ended, aborted(signal)]);
    await within(this.#options.deps.clock, INTAKE_STOP_MS, ended);
    if (this.#failure) throw this.#failure.error;
  }

  async #finish(): Promise<void> {
    const { deps, log } = this.#options;
    const deadline = new AbortController();
    const timer = deps.clock.setTimer(deps.drainMs(), () => deadline.abort());
    await this.#dispatcher.drain(AbortSignal.any([deadline.signal, deps.hurry]));
    timer.cancel();
    if (this.#updates.open > 0) {
      log.warn({ open: this.#updates.open }, 'stopped with updates in hand; they will come again');
    }
    await this.#confirm();
  }

  /** Whoever runs the bot next, here or elsewhere, is not to find a webhook that leads here. */
  async #leave(): Promise<void> {
    const { deps, log } = this.#options;
    const end = new AbortController();
    try {
      await within(deps.clock, INTAKE_STOP_MS, this.#updates.leave(end.signal));
    } catch (error) {
      log.warn(`the webhook is left with Telegram: ${errorMessage(error)}`);
    }
    end.abort();
  }

  async #confirm(): Promise<void> {
    const { deps, log } = this.#options;
    try {
      await within(deps.clock, INTAKE_STOP_MS, this.#updates.confirm());
    } catch (error) {
      log.warn(`the last updates are not confirmed and may come again: ${errorMessage(error)}`);
    }
  }

  #syncProfile({ spec: { profile } }: BotAssignment): void {
    const { deps, log, recorder } = this.#options;
    if (!profile && !this.#profile) {
      recorder.aspect('profile', undefined);
      return;
    }
    this.#profile ??= new ProfileSync({
      ...deps,
      log,
      api: this.#backgroundApi(this.#stop.signal),
      tell: (aspect) => recorder.aspect('profile', aspect),
    });
    this.#profile.apply(profile);
  }

  #handlersFor(assignment: BotAssignment): BotHandlers {
    const { me, deps, log, recorder } = this.#options;
    return new BotHandlers(assignment, {
      me,
      deps,
      log,
      recorder,
      api: (occasion) => this.#api({ ...occasion, effects: { mayHaveHappened: false } }),
      onAllowedUpdates: () => this.#updates.setAllowedUpdates(this.#handlers.allowedUpdates),
    });
  }

  #receive(updates: readonly Update[]): void {
    this.#options.recorder.received(updates.length);
    for (const update of updates) {
      this.#open.add(update);
      this.#dispatcher.submit(update);
    }
  }

  async #try(
    update: Update,
    attempt: number,
    abort: AbortController,
  ): Promise<'handled' | 'unmatched'> {
    const { deps, owner, guards, log, recorder } = this.#options;
    const answersBefore = guards.health.answers;
    const updateId = update.update_id;
    const effects = { mayHaveHappened: false };
    using usage = deps.usage.beginTry(owner);
    try {
      return await this.#open.try(updateId, { abort, limitMs: this.#tryLimitMs }, (signal) => {
        throwIfHeldBack(this.#calls);
        const ctx = this.#contextFor(update, effects, signal);
        return this.#handlers.handle({ ctx, attempt, usage }, signal);
      });
    } catch (error) {
      if (!isCallFailure(error)) recorder.count('errors');
      log.debug({ updateId, attempt }, `a try failed: ${errorMessage(error)}`);
      const givenUp = this.#open.givenUp(updateId, error);
      if (givenUp) throw new FailedTry(givenUp, false);
      const outage = guards.health.answers === answersBefore;
      throw new FailedTry(error, isRetryable(error, effects), holdBackMs(error, outage));
    }
  }

  #contextFor(update: Update, effects: Effects, signal: AbortSignal): Context {
    const api = this.#api({ effects, signal, priority: 'reply' });
    return new Context(update, api, this.#options.me);
  }

  /** For calls that no update asks for. */
  #backgroundApi(signal: AbortSignal): Api {
    return this.#api({ effects: { mayHaveHappened: false }, signal, priority: 'background' });
  }

  #api(occasion: Occasion): Api {
    const api = new Api(this.#options.assignment.token.reveal(), this.#client);
    api.config.use(createPipeline(this.#calls, occasion));
    return api;
  }

  #contact(): void {
    const { recorder, heartbeat } = this.#options;
    heartbeat.beat(recorder.mode === 'Webhook' ? LONGEST_LOOK_MS : 0);
    recorder.noConflict();
  }

  #stateChanged(): void {
    const { recorder, log, guards } = this.#options;
    recorder.transition({});
    const { breaker, health } = guards;
    log.info({ breaker: breaker.state, health: health.state }, 'breaker or health has changed');
  }

  #giveUpOldestChat(): void {
    this.#options.heartbeat.beat();
    // No chat is to blame where none of the bot's calls goes through.
    if (heldBackMs(this.#calls) > 0) return;
    const updates = this.#open.giveUpOldestChat();
    this.#options.log.error(
      { updates },
      'a chat kept all others waiting: its updates are given up',
    );
  }

  #callFailed(error: CallError): void {
    if (error.fault === 'aborted' || error.fault === 'breaker-open') return;
    this.#options.recorder.count('errors');
    if (error.fault === 'unauthorized') this.fail(error);
  }

  #done(update: Update, outcome: UpdateOutcome): void {
    const { recorder, log, deps } = this.#options;
    if (outcome.kind === 'skipped') {
      const cause = outcome.error instanceof FailedTry ? outcome.error.cause : outcome.error;
      const lastError = toBotError(cause, toTimestamp(deps.clock.wallMs()));
      const { attempts } = outcome;
      const { fingerprint, message } = lastError;
      log.error({ updateId: update.update_id, attempts, fingerprint }, `gave up: ${message}`);
      recorder.count('skipped');
      recorder.note({ lastError });
    } else if (outcome.kind === 'handled') {
      recorder.count('handled');
    }
    this.#open.remove(update.update_id);
    this.#updates.finish(update.update_id);
  }

  #trouble(error: CallError): void {
    const { assignment, recorder, heartbeat, log, deps } = this.#options;
    const now = toTimestamp(deps.clock.wallMs());
    log.warn({ code: error.code }, `no updates for now: ${error.message}`);
    heartbeat.beat(LONGEST_BACKOFF_MS + (error.retryAfterMs ?? 0));
    if (error.fault === 'breaker-open') return;
    recorder.count('errors');
    recorder.note({ lastError: toBotError(error, now) });
    if (error.fault !== 'conflict') return;
    // In contact, whoever else takes the updates is none of ours; else it may be the next owner.
    if (deps.inContact()) recorder.conflict(error.message, now);
    else deps.yieldBot(assignment.uid);
  }
}

/** How long one try at an update may take: its services have their time, and all else its own. */
function tryLimitMs({ spec }: BotAssignment): number {
  const seconds = spec.handlers.map(({ forward }) => forward?.timeoutSeconds ?? 0);
  return TRY_MS + Math.max(0, ...seconds) * 1_000;
}

function isRefusal(error: unknown): boolean {
  return error instanceof CallError && error.fault === 'unauthorized';
}
