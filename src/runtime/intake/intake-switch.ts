import type { Update } from 'grammy/types';
import type { Aspect, UpdatesFacts } from '../../api/runtime-facts.ts';
import type { IntakeMode } from '../../api/tenant-bot.ts';
import type { Secret } from '../../lib/secret.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { SweepTask } from '../sweep.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';
import type { GetUpdates } from '../telegram/direct-caller.ts';
import type { DoorFollower, WebhookListener } from '../webhook/webhook-door.ts';
import { FinishedIds } from './finished-ids.ts';
import type { Intake, IntakeDeps, IntakeEvents } from './intake.ts';
import { Poller } from './poller.ts';
import type { WebhookCalls } from './webhook-calls.ts';
import { WebhookFailure } from './webhook-failure.ts';
import { type WebhookEvents, WebhookIntake } from './webhook-intake.ts';
import { WebhookRegistrar } from './webhook-registrar.ts';

/** The bot whose updates come in. Its methods must not throw. */
export interface IntakeBot extends IntakeEvents {
  readonly token: Secret;
  /** The updates that it has in hand: those that were not finished. */
  readonly inHand: { has(updateId: number): boolean; readonly size: number };
  readonly webhookCalls: WebhookCalls;
  /** As the caller's, behind the bot's guards. */
  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]>;
  /** In which way updates come from now on. May say the same again. */
  onMode(updates: Pick<UpdatesFacts, 'mode' | 'webhookUrl'>): void;
  /** How the webhook does; undefined where none is wanted. May say the same again. */
  onWebhook(aspect: Aspect | undefined): void;
}

/** What is wanted at first. */
export interface IntakeWish {
  readonly mode: IntakeMode;
  readonly allowedUpdates: readonly UpdateKind[];
  /** Whether to begin with throwing away what waits. */
  readonly dropPending: boolean;
  /** All updates below were finished before. */
  readonly offset: number | undefined;
}

/** How updates are to come, and what to say of the webhook meanwhile. */
type Choice =
  | { readonly use: 'Webhook'; readonly listener: WebhookListener }
  | { readonly use: 'Polling'; readonly aspect: Aspect | undefined };

/** As many as an answer to a poll holds. */
const MAX_OPEN = 100;
/** A webhook that has failed is tried again after this long, then after twice as long. */
const RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;

/**
 * Gets a bot's updates in the way that its spec, its fleet and the world allow, and changes between
 * them without losing or doubling any: what was finished is confirmed before a change, what is in
 * hand goes on, and whatever Telegram sends again by the other way is known by its id.
 *
 * ```
 *              wanted, and an address                    it fails
 *   polling ────────────────────────────► webhook ─────────────────► polling
 *      ▲      (what waits comes by POST)     │   ◄─────────────────  (pause, then again)
 *      └─────────────────────────────────────┘
 *       no longer: the first poll meets the webhook and removes it
 * ```
 */
export class IntakeSwitch implements Intake, DoorFollower, WebhookEvents, IntakeEvents {
  readonly #deps: IntakeDeps;
  readonly #bot: IntakeBot;
  readonly #registrar: WebhookRegistrar;
  /** Made with the first. */
  #finished: FinishedIds | undefined;
  #wish: IntakeWish;
  #current: Poller | WebhookIntake | undefined;
  /** The current intake is being stopped, and the other one begins then. */
  #changing = false;
  #stopped = false;
  #failures = 0;
  #fallback: { readonly aspect: Aspect; readonly retry: SweepTask } | undefined;

  constructor(deps: IntakeDeps, bot: IntakeBot, wish: IntakeWish) {
    this.#deps = deps;
    this.#bot = bot;
    this.#wish = wish;
    this.#registrar = new WebhookRegistrar(deps, bot.webhookCalls);
  }

  /** All updates below are finished; undefined where no poll has told of any. */
  get offset(): number | undefined {
    return this.#current instanceof Poller ? this.#current.offset : this.#wish.offset;
  }

  /** Whether Telegram sends updates to an address of ours, or may do so. */
  get usesWebhook(): boolean {
    return this.#current instanceof WebhookIntake;
  }

  finish(updateId: number): void {
    this.#finished ??= new FinishedIds();
    this.#finished.add(updateId, this.#deps.clock.monotonicMs());
    this.#current?.finish(updateId);
  }

  setAllowedUpdates(allowedUpdates: readonly UpdateKind[]): void {
    this.#wish = { ...this.#wish, allowedUpdates };
    this.#current?.setAllowedUpdates(allowedUpdates);
  }

  /** Gets updates in another way from now on. */
  setMode(mode: IntakeMode): void {
    if (mode === this.#wish.mode) return;
    this.#wish = { ...this.#wish, mode };
    this.#reconsider();
  }

  start(): void {
    this.#deps.webhookDoor.follow(this);
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#deps.webhookDoor.unfollow(this);
    this.#fallback?.retry.cancel();
    await this.#current?.stop();
  }

  async confirm(): Promise<void> {
    await this.#current?.confirm();
  }

  /** Lets go of everything at once: what is unfinished will be sent again. */
  close(): void {
    if (this.#current instanceof WebhookIntake) this.#current.close();
  }

  addressChanged(): void {
    this.#fallback?.retry.cancel();
    this.#fallback = undefined;
    this.#failures = 0;
    this.#reconsider();
  }

  onUpdates(updates: readonly Update[]): void {
    const fresh = updates.filter(({ update_id: id }) => {
      const isFinished = this.#isFinished(id);
      // Came by a webhook before.
      if (isFinished) this.#current?.finish(id);
      return !isFinished && !this.#bot.inHand.has(id);
    });
    if (fresh.length > 0) this.#bot.onUpdates(fresh);
  }

  accept(update: Update): 'new' | 'in-hand' | 'finished' | 'full' {
    const { inHand } = this.#bot;
    const id = update.update_id;
    if (inHand.has(id)) return 'in-hand';
    if (this.#isFinished(id)) return 'finished';
    if (inHand.size >= MAX_OPEN) return 'full';
    this.#bot.onUpdates([update]);
    return 'new';
  }

  onContact(): void {
    this.#begun();
    this.#bot.onContact();
  }

  onLull(): void {
    this.#bot.onLull();
  }

  onStuck(): void {
    this.#bot.onStuck();
  }

  onTrouble(error: CallError): void {
    this.#bot.onTrouble(error);
  }

  onRegistered(webhookUrl: string): void {
    this.#begun();
    this.#bot.onMode({ mode: 'Webhook', webhookUrl });
    // Who has failed before has to show first that it works.
    if (this.#failures === 0) this.#bot.onWebhook(REGISTERED);
  }

  onWorking(proof: 'update' | 'look'): void {
    this.#bot.onContact();
    this.#bot.onWebhook(REGISTERED);
    if (proof === 'update') this.#failures = 0;
  }

  onFailed(error: unknown): void {
    if (this.#stopped) return;
    if (!(error instanceof WebhookFailure)) {
      this.#bot.onFailed(error);
      return;
    }
    this.#fallBack(error);
    if (!this.#changing) void this.#change();
  }

  /** A webhook that is in the way, ours from before or another's, is removed. */
  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    return this.#bot.getUpdates(parameters, signal).catch(async (error: unknown) => {
      await this.#makeWay(classifyThrown(error), signal);
      return this.#bot.getUpdates(parameters, signal);
    });
  }

  #isFinished(updateId: number): boolean {
    return this.#finished?.has(updateId, this.#deps.clock.monotonicMs()) ?? false;
  }

  #begin(): void {
    const choice = this.#choose();
    this.#current =
      choice.use === 'Webhook' ? this.#openWebhook(choice.listener) : this.#openPoller();
    this.#tell(choice);
    this.#current.start();
  }

  /** Goes on in the other way, once the current one has ended. */
  async #change(): Promise<void> {
    this.#changing = true;
    await this.#current?.stop();
    // Whoever ends all of it confirms when what is in hand has been finished, too.
    if (!this.#stopped) await this.#current?.confirm().catch(() => undefined);
    this.#changing = false;
    if (!this.#stopped) this.#begin();
  }

  #choose(): Choice {
    const { mode } = this.#wish;
    const { fleet, listener } = this.#deps.webhookDoor;
    if (mode === 'Polling') return { use: 'Polling', aspect: undefined };
    if (!fleet) return { use: 'Polling', aspect: mode === 'Webhook' ? NO_ADDRESS : undefined };
    if (!listener) return { use: 'Polling', aspect: NOT_LISTENING };
    if (this.#fallback) return { use: 'Polling', aspect: this.#fallback.aspect };
    return { use: 'Webhook', listener };
  }

  #reconsider(): void {
    if (this.#changing || this.#stopped) return;
    const choice = this.#choose();
    if (this.usesWebhook !== (choice.use === 'Webhook')) void this.#change();
    else if (this.#current instanceof WebhookIntake) this.#current.refresh();
    else this.#tell(choice);
  }

  #fallBack({ reason, message }: WebhookFailure): void {
    const pauseMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    const retry = this.#deps.sweep.add(pauseMs, () => {
      this.#fallback = undefined;
      this.#reconsider();
      return undefined;
    });
    this.#fallback = { aspect: { ok: false, reason, message }, retry };
  }

  /** A webhook tells for itself once it is registered. */
  #tell(choice: Choice): void {
    if (choice.use === 'Webhook') return;
    this.#bot.onMode({ mode: 'Polling' });
    this.#bot.onWebhook(choice.aspect);
  }

  #openWebhook(listener: WebhookListener): WebhookIntake {
    return new WebhookIntake({
      registrar: this.#registrar,
      token: this.#bot.token,
      listener,
      deps: this.#deps,
      events: this,
      allowedUpdates: this.#wish.allowedUpdates,
      dropPending: this.#wish.dropPending,
    });
  }

  #openPoller(): Poller {
    const { clock, random, holdSeconds } = this.#deps;
    return new Poller({ caller: this, clock, random, holdSeconds, events: this, ...this.#wish });
  }

  /** Updates come: where to begin is over. */
  #begun(): void {
    const { dropPending, offset } = this.#wish;
    if (!dropPending && offset === undefined) return;
    this.#wish = { ...this.#wish, dropPending: false, offset: undefined };
  }

  /** Removes a webhook that keeps polls from being answered; throws `failure` where that is not why. */
  async #makeWay(failure: CallError, signal: AbortSignal): Promise<void> {
    const isWebhook = failure.fault === 'conflict' && failure.message.includes('webhook is active');
    // One that a newer owner has set is not ours to remove.
    if (!isWebhook || !this.#deps.inContact()) throw failure;
    if (!this.#registrar.mayRemove) throw someoneSetsWebhook(failure);
    await this.#registrar.remove(signal);
  }
}

const REGISTERED: Aspect = {
  ok: true,
  reason: 'Registered',
  message: 'Telegram sends updates to the webhook.',
};

const NO_ADDRESS: Aspect = {
  ok: false,
  reason: 'NoAddress',
  message:
    'The fleet has no address for webhooks, so the bot polls. Have spec.webhook.publicUrl of the BotFleet set, or set spec.updates.mode to Auto.',
};

const NOT_LISTENING: Aspect = {
  ok: false,
  reason: 'NotListening',
  message:
    'The runtime of this bot does not take webhooks, so the bot polls. Pods take them once they are restarted; standalone needs --webhook-port.',
};

function someoneSetsWebhook(cause: CallError): CallError {
  return new CallError(
    'conflict',
    'Another program keeps setting a webhook for this bot. Stop it, or renew the token.',
    { mayHaveHappened: false, cause },
  );
}
