import type { Update, UserFromGetMe } from 'grammy/types';
import type { Aspect, UpdatesFacts } from '../../api/runtime-facts.ts';
import type { BotAssignment } from '../../control/port.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import { within } from '../../lib/within.ts';
import type { Log } from '../../telemetry/log.ts';
import { type IntakeBot, IntakeSwitch } from '../intake/intake-switch.ts';
import { WebhookCalls } from '../intake/webhook-calls.ts';
import { LONGEST_LOOK_MS } from '../intake/webhook-intake.ts';
import { GuardedPolls } from '../pipeline/guarded-polls.ts';
import { ProfileSync } from '../profile/profile-sync.ts';
import type { BotRef } from '../records/bot-ref.ts';
import { CallError } from '../telegram/call-error.ts';
import type { GetUpdates } from '../telegram/direct-caller.ts';
import type { BotCalls } from './bot-calls.ts';
import type { BotDeps } from './bot-deps.ts';
import { BotWorker } from './bot-worker.ts';
import type { ErrorOwner } from './boundary.ts';
import type { FactsRecorder } from './facts-recorder.ts';
import { toPauseError } from './fingerprint.ts';
import type { Heartbeat } from './heartbeat.ts';

/** How long an intake that was told to stop may take to do so. */
const INTAKE_STOP_MS = 2_000;
/** An intake in trouble is heard of again after its pause: no longer than this, and what Telegram said. */
const LONGEST_BACKOFF_MS = 60_000;

/** Whose serving it is. */
export interface ServingHost extends ErrorOwner, BotRef {
  /** Made when asked for. */
  readonly log: Log;
  /**
   * Nothing goes on any more: all that had begun was finished and confirmed, or `failure` ended the
   * serving and updates in hand stay unconfirmed.
   */
  onServed(failure: Failure | undefined): void;
}

/** What a serving ended with: an `unauthorized` CallError when Telegram refuses the token. */
export interface Failure {
  readonly error: unknown;
}

/** What one stretch of serving works with. */
export interface ServingOptions {
  readonly assignment: BotAssignment;
  readonly me: UserFromGetMe;
  readonly deps: BotDeps;
  readonly host: ServingHost;
  readonly calls: BotCalls;
  /** Hears of the intake. */
  readonly heartbeat: Heartbeat;
  readonly recorder: FactsRecorder;
  readonly dropPending: boolean;
  /** All updates below were finished before. */
  readonly offset: number | undefined;
}

/**
 * A bot at work: updates come in, handlers answer them, what is finished is confirmed. While none
 * come it is but its intake: what handles them is made with the first, and let go of once it has had
 * nothing to do for a while.
 */
export class Serving implements IntakeBot {
  readonly #options: ServingOptions;
  /** Made with the first poll: most bots with a webhook make none. */
  #polls: GuardedPolls | undefined;
  readonly #updates: IntakeSwitch;
  /** The spec in effect. */
  #assignment: BotAssignment;
  #worker: BotWorker | undefined;
  /** Made with the first profile that is wanted: most bots have none. */
  #profile: ProfileSync | undefined;
  #failure: Failure | undefined;
  #ending: 'finish' | 'abandon' | undefined;
  #closed = false;

  /** Throws an input error where the handlers can't be made ready. */
  constructor(options: ServingOptions) {
    const { assignment, deps, dropPending, offset } = options;
    this.#options = options;
    this.#assignment = assignment;
    this.#worker = this.#workerFor(assignment);
    this.#updates = new IntakeSwitch(deps, this, {
      mode: assignment.spec.updates.mode,
      allowedUpdates: this.#worker.allowedUpdates,
      dropPending,
      offset,
    });
  }

  /** All updates below are finished; undefined where no poll has told of any. */
  get offset(): number | undefined {
    return this.#updates.offset;
  }

  /** Whether Telegram sends updates to an address of ours, or may do so. */
  get usesWebhook(): boolean {
    return this.#updates.usesWebhook;
  }

  get token(): Secret {
    return this.#assignment.token;
  }

  get webhookCalls(): WebhookCalls {
    return new WebhookCalls(this.#options.calls);
  }

  get inHand(): IntakeBot['inHand'] {
    return this.#worker?.open ?? NOTHING_IN_HAND;
  }

  /** Serves until it is told to {@link stop}, or fails. */
  start(): void {
    this.#worker?.start();
    this.#syncProfile();
    this.#updates.start();
    this.#rest();
  }

  /**
   * Puts another spec into effect without interrupting anything. Throws an input error where its
   * handlers can't be made ready, and then goes on as before.
   */
  apply(assignment: BotAssignment): void {
    if (this.#worker) {
      this.#worker.apply(assignment);
    } else {
      this.#worker = this.#workerFor(assignment);
      this.#worker.start();
    }
    this.#assignment = assignment;
    this.#updates.setAllowedUpdates(this.#worker.allowedUpdates);
    this.#updates.setMode(assignment.spec.updates.mode);
    this.#syncProfile();
    this.#rest();
  }

  /**
   * Takes no more in, finishes what has begun within the drain time, confirms it, and is over. Or
   * abandons what is in hand to a newer owner, which has it in hand as well: at once, and without a
   * word to Telegram.
   */
  stop(how: 'finish' | 'abandon' = 'finish'): void {
    if (this.#ending) return;
    this.#ending = how;
    this.#polls?.letThrough();
    this.#profile?.close();
    void this.#end();
  }

  /** Ends the serving at once, as failed. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.stop();
  }

  /** Breakers may let calls through again: what waits for them need wait no longer. */
  hasten(): void {
    this.#polls?.wake();
    this.#worker?.hasten();
  }

  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    this.#polls ??= this.#openPolls();
    return this.#polls.getUpdates(parameters, signal);
  }

  onUpdates(updates: readonly Update[]): void {
    if (this.#closed) return;
    const { deps, host, recorder } = this.#options;
    // Those of a webhook come from a server that all bots share.
    deps.boundary.run(host, () => {
      recorder.received(updates.length);
      this.#worker ??= this.#workerFor(this.#assignment);
      this.#worker.receive(updates);
    });
  }

  onContact(): void {
    const { recorder, heartbeat } = this.#options;
    heartbeat.beat(recorder.mode === 'Webhook' ? LONGEST_LOOK_MS : 0);
    recorder.noConflict();
  }

  onLull(): void {
    this.#options.calls.bot.rates.tidy();
    this.#rest();
  }

  onStuck(): void {
    this.#options.heartbeat.beat();
    this.#worker?.giveUpOldestChat();
  }

  onTrouble(error: CallError): void {
    const { recorder, heartbeat, host, deps } = this.#options;
    const lastError = toPauseError(error, deps.clock.wallMs());
    const { fingerprint, message } = lastError;
    host.log.warn({ code: error.code, fingerprint }, `no updates for now: ${message}`);
    heartbeat.beat(LONGEST_BACKOFF_MS + (error.retryAfterMs ?? 0));
    if (error.fault === 'breaker-open') return;
    recorder.count('errors');
    deps.history.failed(host, error);
    recorder.note({ lastError });
    if (error.fault !== 'conflict') return;
    // In contact, whoever else takes the updates is none of ours; else it may be the next owner.
    if (deps.inContact()) recorder.conflict(error.message, lastError.time);
    else deps.yieldBot(this.#assignment.uid);
  }

  onFailed(error: unknown): void {
    this.fail(error);
  }

  onMode(updates: Pick<UpdatesFacts, 'mode' | 'webhookUrl'>): void {
    this.#options.recorder.updatesCome(updates);
  }

  onWebhook(aspect: Aspect | undefined): void {
    this.#options.recorder.aspect('webhook', aspect);
  }

  #openPolls(): GuardedPolls {
    const { calls, heartbeat } = this.#options;
    const polls = new GuardedPolls(calls, heartbeat);
    if (this.#ending) polls.letThrough();
    return polls;
  }

  #workerFor(assignment: BotAssignment): BotWorker {
    const { me, deps, host, calls, recorder } = this.#options;
    return new BotWorker(assignment, {
      me,
      deps,
      owner: host,
      calls,
      log: host.log,
      recorder,
      onFinished: (updateId) => this.#updates.finish(updateId),
      onAllowedUpdates: () => {
        if (this.#worker) this.#updates.setAllowedUpdates(this.#worker.allowedUpdates);
      },
    });
  }

  /** Lets go of what is of no use until the next update comes. */
  #rest(): void {
    if (this.#ending || !this.#worker?.canRest) return;
    this.#worker.close();
    this.#worker = undefined;
  }

  #syncProfile(): void {
    const { deps, host, calls, recorder } = this.#options;
    const { profile } = this.#assignment.spec;
    if (!profile && !this.#profile) {
      recorder.aspect('profile', undefined);
      return;
    }
    this.#profile ??= new ProfileSync({
      ...deps,
      log: host.log,
      // Each call has a signal of its own.
      api: calls.background(new AbortController().signal),
      tell: (aspect) => recorder.aspect('profile', aspect),
    });
    this.#profile.apply(profile);
  }

  /** Never rejects. */
  async #end(): Promise<void> {
    const failure = await this.#finish().catch((error: unknown): Failure => ({ error }));
    this.#worker?.close();
    this.#updates.close();
    this.#options.host.onServed(failure);
  }

  /** An intake that hangs is left behind: what it may yet do was aborted. */
  async #finish(): Promise<Failure | undefined> {
    const { clock } = this.#options.deps;
    await within(clock, INTAKE_STOP_MS, this.#updates.stop());
    this.#closed = true;
    const failure = this.#failure;
    if (failure || this.#ending === 'abandon') await this.#worker?.drain(AbortSignal.abort());
    else await this.#drain();
    if (this.#ending === 'abandon') return failure;
    // What was answered is not to be answered again.
    if (!isRefusal(failure?.error)) await this.#confirm();
    return failure;
  }

  async #drain(): Promise<void> {
    const { deps, host } = this.#options;
    if (!this.#worker) return;
    const deadline = new AbortController();
    const timer = deps.clock.setTimer(deps.drainMs(), () => deadline.abort());
    await this.#worker.drain(AbortSignal.any([deadline.signal, deps.hurry]));
    timer.cancel();
    const open = this.#worker.open.size;
    if (open > 0) {
      host.log.warn({ open }, 'stopped with updates in hand; they will come again');
    }
  }

  async #confirm(): Promise<void> {
    const { deps, host } = this.#options;
    try {
      await within(deps.clock, INTAKE_STOP_MS, this.#updates.confirm());
    } catch (error) {
      const why = errorMessage(error);
      host.log.warn(`the last updates are not confirmed and may come again: ${why}`);
    }
  }
}

const NOTHING_IN_HAND: IntakeBot['inHand'] = { has: () => false, size: 0 };

function isRefusal(error: unknown): boolean {
  return error instanceof CallError && error.fault === 'unauthorized';
}
