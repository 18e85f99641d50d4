import { type ApiClientOptions, Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { BotKey } from '../../api/group.ts';
import type { BotAssignment } from '../../control/port.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { Span } from '../../lib/tracing.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Log } from '../../telemetry/log.ts';
import { UpdateDispatcher, type UpdateOutcome } from '../dispatch/update-dispatcher.ts';
import { updateKind } from '../dispatch/update-kind.ts';
import { heldBackMs, throwIfHeldBack } from '../pipeline/held-back.ts';
import type { Occasion } from '../pipeline/step.ts';
import type { BotRef } from '../records/bot-ref.ts';
import type { BotCalls } from './bot-calls.ts';
import type { BotDeps } from './bot-deps.ts';
import { BotHandlers } from './bot-handlers.ts';
import type { ErrorOwner } from './boundary.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { FailedTry, holdBackMs, isCallFailure, isRetryable } from './failed-try.ts';
import { toBotError } from './fingerprint.ts';
import { OpenUpdates } from './open-updates.ts';

/** How long one try may take, apart from the time that the bot's service is given. */
const TRY_MS = 60_000;

/** What a {@link BotWorker} works with. */
export interface WorkerOptions {
  readonly me: UserFromGetMe;
  readonly deps: BotDeps;
  /** Who answers for what is done here. */
  readonly owner: ErrorOwner & BotRef;
  readonly calls: BotCalls;
  readonly log: Log;
  readonly recorder: FactsRecorder;
  /** The update is handled, or given up for good. */
  readonly onFinished: (updateId: number) => void;
  /** The kinds of update that are needed have changed by themselves. */
  readonly onAllowedUpdates: () => void;
}

/**
 * What a bot needs only while it has updates in hand: its handlers, their tries, their order. It is
 * most of what a bot weighs, and made anew whenever it is needed: {@link BotWorker.canRest}.
 */
export class BotWorker {
  /** The updates in hand. */
  readonly open: OpenUpdates;
  readonly #options: WorkerOptions;
  readonly #client: ApiClientOptions;
  readonly #handlers: BotHandlers;
  readonly #dispatcher: UpdateDispatcher;
  readonly #key: BotKey;
  #tryLimitMs: number;

  /** Throws an input error where the handlers can't be made ready. */
  constructor(assignment: BotAssignment, options: WorkerOptions) {
    const { deps, calls } = options;
    this.#options = options;
    this.#key = assignment.key;
    this.#client = calls.clientOptions();
    this.open = new OpenUpdates(deps.clock);
    this.#handlers = new BotHandlers(assignment, {
      ...options,
      api: (occasion) => calls.api({ ...occasion, effects: { mayHaveHappened: false } }),
    });
    this.#tryLimitMs = tryLimitMs(assignment);
    this.#dispatcher = new UpdateDispatcher({
      clock: deps.clock,
      random: deps.random,
      maxConcurrent: assignment.spec.updates.maxConcurrent,
      handle: (update, attempt, abort) => this.#try(update, attempt, abort),
      retryable: (error) => error instanceof FailedTry && error.retryable,
      heldBackMs: (error) => (error instanceof FailedTry ? error.heldBackMs : undefined),
      onDone: (update, outcome, tookMs) => this.#done(update, outcome, tookMs),
    });
  }

  /** The kinds of update to ask for. */
  get allowedUpdates(): readonly UpdateKind[] {
    return this.#handlers.allowedUpdates;
  }

  /** Whether nothing would be lost were it made anew: nothing is in hand, nothing is remembered. */
  get canRest(): boolean {
    return this.open.size === 0 && this.#handlers.canRest;
  }

  /** Begins with what the handlers do besides handling updates. */
  start(): void {
    this.#handlers.start();
  }

  /** Goes by another spec. Throws an input error as the constructor does, and then stays as it was. */
  apply(assignment: BotAssignment): void {
    this.#handlers.apply(assignment);
    this.#options.log.level = assignment.spec.logLevel;
    this.#tryLimitMs = tryLimitMs(assignment);
    this.#dispatcher.setMaxConcurrent(assignment.spec.updates.maxConcurrent);
  }

  receive(updates: readonly Update[]): void {
    for (const update of updates) {
      this.open.add(update, this.#beginSpan(update));
      this.#dispatcher.submit(update);
    }
  }

  /** Breakers may let calls through again: tries that wait for them need wait no longer. */
  hasten(): void {
    this.#dispatcher.hasten();
  }

  /** One chat keeps all others waiting: its updates are given up. */
  giveUpOldestChat(): void {
    const { calls, log } = this.#options;
    // No chat is to blame where none of the bot's calls goes through.
    if (heldBackMs(calls) > 0) return;
    const updates = this.open.giveUpOldestChat();
    log.error({ updates }, 'a chat kept all others waiting: its updates are given up');
  }

  /** As {@link UpdateDispatcher.drain}. */
  drain(signal: AbortSignal): Promise<void> {
    return this.#dispatcher.drain(signal);
  }

  /** Nothing goes on any more. */
  close(): void {
    this.#handlers.close();
  }

  async #try(
    update: Update,
    attempt: number,
    abort: AbortController,
  ): Promise<'handled' | 'unmatched'> {
    const { deps, owner, calls, log, recorder } = this.#options;
    const { health } = calls.bot;
    const answersBefore = health.answers;
    const updateId = update.update_id;
    const effects = { mayHaveHappened: false };
    using usage = deps.usage.beginTry(owner);
    const span = this.open.spanOf(updateId)?.child('handle', 'internal', { attempt });
    try {
      return await this.open.try(updateId, { abort, limitMs: this.#tryLimitMs }, (signal) => {
        throwIfHeldBack(calls);
        const ctx = this.#contextFor(update, { effects, signal, priority: 'reply', span });
        return this.#handlers.handle({ ctx, attempt, usage, span }, signal);
      });
    } catch (error) {
      span?.fail(errorCode(error) ?? 'ERROR');
      if (!isCallFailure(error)) {
        recorder.count('errors');
        deps.history.failed(owner, error);
      }
      log.debug({ updateId, attempt }, `a try failed: ${errorMessage(error)}`);
      const givenUp = this.open.givenUp(updateId, error);
      if (givenUp) throw new FailedTry(givenUp, false);
      const outage = health.answers === answersBefore;
      throw new FailedTry(error, isRetryable(error, effects), holdBackMs(error, outage));
    } finally {
      span?.end();
    }
  }

  #beginSpan(update: Update): Span | undefined {
    const { tracing } = this.#options.deps;
    return tracing?.begin(`update ${updateKind(update) ?? 'of unknown kind'}`, 'consumer', {
      attributes: { 'tenantbot.bot': this.#key, 'tenantbot.update_id': update.update_id },
    });
  }

  #contextFor(update: Update, occasion: Occasion): Context {
    const { calls, me } = this.#options;
    const api = calls.api(occasion, this.#client);
    return new Context(update, api, me);
  }

  #done(update: Update, outcome: UpdateOutcome, tookMs: number): void {
    const { recorder, log, deps, owner, onFinished } = this.#options;
    const updateId = update.update_id;
    if (outcome.kind === 'skipped') {
      const cause = outcome.error instanceof FailedTry ? outcome.error.cause : outcome.error;
      const lastError = toBotError(cause, toTimestamp(deps.clock.wallMs()));
      const { attempts } = outcome;
      const { fingerprint, message } = lastError;
      log.error({ updateId, attempts, fingerprint }, `gave up: ${message}`);
      recorder.count('skipped');
      recorder.note({ lastError });
    } else if (outcome.kind === 'handled') {
      recorder.count('handled');
    }
    const command = this.#handlers.commandIn(update);
    const span = this.open.spanOf(updateId);
    span?.set({ 'tenantbot.outcome': RECORDED[outcome.kind] });
    if (outcome.kind === 'skipped') span?.fail('GIVEN_UP');
    span?.end();
    const recorded = { update, command, tookMs, outcome: RECORDED[outcome.kind] };
    deps.history.updated(owner, { ...recorded, ...(span && { span }) });
    this.open.remove(updateId);
    onFinished(updateId);
  }
}

/** An update that was given up has failed; one that no handler fits is passed over. */
const RECORDED = { handled: 'handled', unmatched: 'skipped', skipped: 'failed' } as const;

/** How long one try at an update may take: its services have their time, and all else its own. */
function tryLimitMs({ spec }: BotAssignment): number {
  const seconds = spec.handlers.map(({ forward }) => forward?.timeoutSeconds ?? 0);
  return TRY_MS + Math.max(0, ...seconds) * 1_000;
}
