import type { Update } from 'grammy/types';
import type { Aspect, UpdatesFacts } from '../../api/runtime-facts.ts';
import type { IntakeMode } from '../../api/tenant-bot.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Sweep, SweepTask } from '../sweep.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';
import type { DirectCaller, GetUpdates } from '../telegram/direct-caller.ts';
import type { WebhookDoor, WebhookListener } from '../webhook/webhook-door.ts';
import type { WebhookKeys } from '../webhook/webhook-keys.ts';
import { FinishedIds } from './finished-ids.ts';
import type { Intake, IntakeEvents } from './intake.ts';
import { Poller } from './poller.ts';
import type { WebhookCalls } from './webhook-calls.ts';
import { WebhookFailure } from './webhook-failure.ts';
import { WebhookIntake } from './webhook-intake.ts';
import { WebhookRegistrar } from './webhook-registrar.ts';

/** Who is told of what an {@link IntakeSwitch} sees. Its methods must not throw. */
export interface IntakeSwitchEvents extends IntakeEvents {
  /** In which way updates come from now on. May say the same again. */
  onMode(updates: Pick<UpdatesFacts, 'mode' | 'webhookUrl'>): void;
  /** How the webhook does; undefined where none is wanted. May say the same again. */
  onWebhook(aspect: Aspect | undefined): void;
}

export interface IntakeSwitchOptions {
  readonly caller: Pick<DirectCaller, 'getUpdates'>;
  readonly webhookCalls: WebhookCalls;
  readonly keys: WebhookKeys;
  readonly door: WebhookDoor;
  readonly clock: Clock;
  readonly random: Random;
  readonly sweep: Sweep;
  readonly events: IntakeSwitchEvents;
  readonly mode: IntakeMode;
  readonly allowedUpdates: readonly UpdateKind[];
  /** Whether to begin with throwing away what waits. */
  readonly dropPending: boolean;
  /** All updates below were finished before. */
  readonly offset: number | undefined;
  /** Whether nobody but strangers can be after the bot's updates. */
  readonly isOwner: () => boolean;
  /** How long Telegram may hold a poll, in seconds. */
  readonly holdSeconds: number;
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
export class IntakeSwitch implements Intake {
  readonly #options: IntakeSwitchOptions;
  readonly #registrar: WebhookRegistrar;
  readonly #open = new Set<number>();
  readonly #finished = new FinishedIds();
  #mode: IntakeMode;
  #allowedUpdates: readonly UpdateKind[];
  #dropPending: boolean;
  /** Where the first poll begins, until there was one. */
  #offset: number | undefined;
  #current: Poller | WebhookIntake | undefined;
  /** Ends the current intake. */
  #turn = new AbortController();
  #failures = 0;
  #fallback: { readonly aspect: Aspect; readonly retry: SweepTask } | undefined;

  constructor(options: IntakeSwitchOptions) {
    this.#options = options;
    this.#registrar = new WebhookRegistrar(options);
    this.#mode = options.mode;
    this.#allowedUpdates = options.allowedUpdates;
    this.#dropPending = options.dropPending;
    this.#offset = options.offset;
  }

  /** All updates below are finished; undefined where no poll has told of any. */
  get offset(): number | undefined {
    return this.#current instanceof Poller ? this.#current.offset : this.#offset;
  }

  get open(): number {
    return this.#open.size;
  }

  finish(updateId: number): void {
    this.#open.delete(updateId);
    this.#finished.add(updateId, this.#options.clock.monotonicMs());
    this.#current?.finish(updateId);
  }

  setAllowedUpdates(kinds: readonly UpdateKind[]): void {
    this.#allowedUpdates = kinds;
    this.#current?.setAllowedUpdates(kinds);
  }

  /** Gets updates in another way from now on. */
  setMode(mode: IntakeMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#reconsider();
  }

  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#turn.abort();
    const unfollow = this.#options.door.follow(() => this.#addressChanged());
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) await this.#takeTurn(signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      unfollow();
      this.#fallback?.retry.cancel();
    }
  }

  async confirm(): Promise<void> {
    await this.#current?.confirm();
  }

  /** Takes the webhook back, where there is one; what waits stays at Telegram. */
  async leave(signal: AbortSignal): Promise<void> {
    if (this.#current instanceof WebhookIntake) await this.#registrar.remove(signal);
  }

  /** Lets go of everything at once: what is unfinished will be sent again. */
  close(): void {
    if (this.#current instanceof WebhookIntake) this.#current.close();
  }

  /** Takes updates in one way until another is to be taken, or `signal` aborts. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    this.#turn = new AbortController();
    const choice = this.#choose();
    const intake =
      choice.use === 'Webhook' ? this.#openWebhook(choice.listener) : this.#openPoller();
    this.#current = intake;
    this.#tell(choice);
    try {
      await intake.start(this.#turn.signal);
    } catch (error) {
      if (!(error instanceof WebhookFailure)) throw error;
      this.#fallBack(error);
    }
    // Whoever ends all of it confirms when what is in hand has been finished, too.
    if (signal.aborted) return;
    await intake.confirm().catch(() => undefined);
  }

  #choose(): Choice {
    const { fleet, listener } = this.#options.door;
    if (this.#mode === 'Polling') return { use: 'Polling', aspect: undefined };
    if (!fleet) {
      return { use: 'Polling', aspect: this.#mode === 'Webhook' ? NO_ADDRESS : undefined };
    }
    if (!listener) return { use: 'Polling', aspect: NOT_LISTENING };
    if (this.#fallback) return { use: 'Polling', aspect: this.#fallback.aspect };
    return { use: 'Webhook', listener };
  }

  #reconsider(): void {
    const choice = this.#choose();
    const isWebhook = this.#current instanceof WebhookIntake;
    if (isWebhook !== (choice.use === 'Webhook')) this.#turn.abort();
    else if (this.#current instanceof WebhookIntake) this.#current.refresh();
    else this.#tell(choice);
  }

  #addressChanged(): void {
    this.#fallback?.retry.cancel();
    this.#fallback = undefined;
    this.#failures = 0;
    this.#reconsider();
  }

  #fallBack({ reason, message }: WebhookFailure): void {
    const pauseMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    const retry = this.#options.sweep.add(pauseMs, () => {
      this.#fallback = undefined;
      this.#reconsider();
      return undefined;
    });
    this.#fallback = { aspect: { ok: false, reason, message }, retry };
  }

  /** A webhook tells for itself once it is registered. */
  #tell(choice: Choice): void {
    if (choice.use === 'Webhook') return;
    this.#options.events.onMode({ mode: 'Polling' });
    this.#options.events.onWebhook(choice.aspect);
  }

  #openWebhook(listener: WebhookListener): WebhookIntake {
    const { keys, door, clock, random, sweep, events } = this.#options;
    return new WebhookIntake({
      registrar: this.#registrar,
      keys,
      listener,
      fleet: () => door.fleet,
      clock,
      random,
      sweep,
      events: {
        accept: (update) => this.#accept(update),
        onRegistered: (webhookUrl) => {
          this.#dropPending = false;
          this.#offset = undefined;
          events.onMode({ mode: 'Webhook', webhookUrl });
          // Who has failed before has to show first that it works.
          if (this.#failures === 0) events.onWebhook(REGISTERED);
        },
        onWorking: (proof) => {
          events.onContact();
          events.onWebhook(REGISTERED);
          if (proof === 'update') this.#failures = 0;
        },
        onTrouble: (error) => events.onTrouble(error),
      },
      allowedUpdates: this.#allowedUpdates,
      dropPending: this.#dropPending,
    });
  }

  #accept(update: Update): 'new' | 'in-hand' | 'finished' | 'full' {
    const id = update.update_id;
    if (this.#open.has(id)) return 'in-hand';
    if (this.#finished.has(id, this.#options.clock.monotonicMs())) return 'finished';
    if (this.#open.size >= MAX_OPEN) return 'full';
    this.#open.add(id);
    this.#options.events.onUpdates([update]);
    return 'new';
  }

  #openPoller(): Poller {
    const { clock, random, holdSeconds, events } = this.#options;
    const poller = new Poller({
      caller: { getUpdates: (parameters, signal) => this.#getUpdates(parameters, signal) },
      clock,
      random,
      events: {
        onUpdates: (updates) => this.#polled(updates, poller),
        onContact: () => {
          this.#dropPending = false;
          this.#offset = undefined;
          events.onContact();
        },
        onStuck: () => events.onStuck(),
        onTrouble: (error) => events.onTrouble(error),
      },
      allowedUpdates: this.#allowedUpdates,
      dropPending: this.#dropPending,
      offset: this.#offset,
      holdSeconds,
    });
    return poller;
  }

  /** Hands on what did not come by a webhook before. */
  #polled(updates: readonly Update[], poller: Poller): void {
    const nowMs = this.#options.clock.monotonicMs();
    const fresh = updates.filter(({ update_id: id }) => {
      const isFinished = this.#finished.has(id, nowMs);
      if (isFinished) poller.finish(id);
      return !isFinished && !this.#open.has(id);
    });
    for (const { update_id } of fresh) this.#open.add(update_id);
    if (fresh.length > 0) this.#options.events.onUpdates(fresh);
  }

  /** A webhook that is in the way, ours from before or another's, is removed. */
  #getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const { caller } = this.#options;
    return caller.getUpdates(parameters, signal).catch(async (error: unknown) => {
      await this.#makeWay(classifyThrown(error), signal);
      return caller.getUpdates(parameters, signal);
    });
  }

  /** Removes a webhook that keeps polls from being answered; throws `failure` where that is not why. */
  async #makeWay(failure: CallError, signal: AbortSignal): Promise<void> {
    const isWebhook = failure.fault === 'conflict' && failure.message.includes('webhook is active');
    // One that a newer owner has set is not ours to remove.
    if (!isWebhook || !this.#options.isOwner()) throw failure;
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
