import type { Update, WebhookInfo } from 'grammy/types';
import type { FleetWebhook } from '../../api/webhook.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Sweep } from '../sweep.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';
import { type WebhookListener, webhookUrl } from '../webhook/webhook-door.ts';
import type { WebhookKeys } from '../webhook/webhook-keys.ts';
import type { Receipt } from '../webhook/webhook-routes.ts';
import { insist } from './insist.ts';
import type { Intake } from './intake.ts';
import { WebhookFailure } from './webhook-failure.ts';
import type { WebhookRegistrar } from './webhook-registrar.ts';

/** Who is told of what comes by a webhook. Its methods must not throw. */
export interface WebhookEvents {
  /** What to make of an update; one that is `new` will be {@link Intake.finish}ed. */
  accept(update: Update): 'new' | 'in-hand' | 'finished' | 'full';
  /** Telegram has the webhook, at this address, of which people may see so much. */
  onRegistered(shownUrl: string): void;
  /** An update has come, or a look has found all as it should be. */
  onWorking(proof: 'update' | 'look'): void;
  /** Telegram could not be asked; it is tried again. */
  onTrouble(error: CallError): void;
}

export interface WebhookIntakeOptions {
  readonly registrar: WebhookRegistrar;
  readonly keys: WebhookKeys;
  readonly listener: WebhookListener;
  /** What the fleet says now. */
  readonly fleet: () => FleetWebhook | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly sweep: Sweep;
  readonly events: WebhookEvents;
  readonly allowedUpdates: readonly UpdateKind[];
  /** Whether to begin with throwing away what waits. */
  readonly dropPending: boolean;
}

/** How long a request is held until its update is finished. Telegram itself waits a minute. */
const HOLD_MS = 5_000;
/** Between two looks at what Telegram says: longer and longer while all is well. */
const LOOK_MS = 15_000;
const MAX_LOOK_MS = 120_000;
/** The sweep comes a tenth and a second later at most. */
export const LONGEST_LOOK_MS = MAX_LOOK_MS * 1.1 + 1_000;
/** After so many looks in a row that saw updates wait and none come, the webhook has failed. */
const MAX_MISSES = 3;
/** From so many looks in a row that found another webhook on, somebody else sets it. */
const MAX_DRIFTS = 2;

/**
 * One bot's webhook: registered when it differs from what Telegram has, looked after from time to
 * time, with no timer of its own.
 *
 * An update is confirmed by answering its request, so the answer waits until it is finished. Where
 * that takes too long, Telegram is told to send it again; the next request for it joins the update
 * in hand. So nothing is lost when this process dies, and nothing is handled twice while it lives.
 *
 * {@link WebhookIntake.start} rejects with a {@link WebhookFailure} when updates don't come this way.
 */
export class WebhookIntake implements Intake {
  readonly #options: WebhookIntakeOptions;
  /** The requests that wait for an update's end. */
  readonly #waiting = new Map<number, ((receipt: Receipt) => void)[]>();
  /** What ends the routes that are open, by period. */
  readonly #routes = new Map<number, () => void>();
  #allowedUpdates: readonly UpdateKind[];
  #dropPending: boolean;
  #stopping = false;
  #wake: (() => void) | undefined;
  /** Something has changed since the last look began. */
  #stale = false;
  #set = false;
  #received = false;
  #calmLooks = 0;
  #misses = 0;
  #drifts = 0;
  #failure: WebhookFailure | undefined;

  constructor(options: WebhookIntakeOptions) {
    this.#options = options;
    this.#allowedUpdates = options.allowedUpdates;
    this.#dropPending = options.dropPending;
  }

  get open(): number {
    return this.#waiting.size;
  }

  finish(updateId: number): void {
    const waiting = this.#waiting.get(updateId);
    this.#waiting.delete(updateId);
    for (const answer of waiting ?? []) answer('finished');
  }

  setAllowedUpdates(kinds: readonly UpdateKind[]): void {
    if (kinds.join() === this.#allowedUpdates.join()) return;
    this.#allowedUpdates = kinds;
    this.refresh();
  }

  /** Has another look at once: something has changed on our side. */
  refresh(): void {
    this.#stale = true;
    this.#set = false;
    this.#wake?.();
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock, random, events } = this.#options;
    const insistence = { clock, random, onTrouble: (error: CallError) => events.onTrouble(error) };
    signal.addEventListener('abort', this.#onAbort);
    try {
      while (!signal.aborted) {
        this.#stale = false;
        await insist(() => this.#look(signal), insistence, signal);
        if (this.#failure) throw this.#failure;
        await this.#pause(signal);
      }
    } finally {
      signal.removeEventListener('abort', this.#onAbort);
    }
  }

  /** Nothing is left to be confirmed: what was finished was answered. Closes the door. */
  confirm(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Takes nothing any more; what is unfinished is to be sent again. */
  close(): void {
    this.#stopping = true;
    for (const close of this.#routes.values()) close();
    this.#routes.clear();
    for (const waiting of this.#waiting.values()) for (const answer of waiting) answer('later');
    this.#waiting.clear();
  }

  readonly #onAbort = (): void => {
    this.#stopping = true;
    this.#wake?.();
  };

  /** Brings Telegram in line with what is wanted, and judges what it says of its deliveries. */
  async #look(signal: AbortSignal): Promise<void> {
    const { registrar, keys, listener, clock, events } = this.#options;
    const fleet = this.#options.fleet();
    if (!fleet) return;
    this.#openRoutes();
    const period = keys.periodAt(clock.wallMs());
    const wanted = {
      url: webhookUrl(fleet, listener.ordinal, keys.key(period)),
      secret_token: keys.secret(period),
      max_connections: fleet.maxConnections,
      allowed_updates: this.#allowedUpdates,
      drop_pending_updates: this.#dropPending,
    };
    try {
      const { info, changed } = await registrar.ensure(wanted, signal);
      this.#dropPending = false;
      if (changed) this.#noteChange();
      else this.#judge(info);
      events.onRegistered(webhookUrl(fleet, listener.ordinal, '…'));
      this.#set = true;
    } catch (error) {
      const failure = classifyThrown(error);
      if (failure.fault !== 'rejected') throw failure;
      this.#failure = new WebhookFailure('WebhookRefused', refusedWords(fleet, failure));
    }
  }

  /** A rotation opens another one, and ends the one before after a while. */
  #openRoutes(): void {
    const { keys, listener, clock } = this.#options;
    const accepted = keys.acceptedAt(clock.wallMs());
    for (const period of accepted) {
      if (this.#stopping || this.#routes.has(period)) continue;
      const receive = (update: Update): Promise<Receipt> => this.#receive(update);
      this.#routes.set(
        period,
        listener.routes.open(keys.key(period), keys.secret(period), receive),
      );
    }
    for (const [period, close] of this.#routes) {
      if (accepted.includes(period)) continue;
      close();
      this.#routes.delete(period);
    }
  }

  #noteChange(): void {
    this.#misses = 0;
    this.#calmLooks = 0;
    this.#received = false;
    if (!this.#set) return;
    this.#drifts++;
    if (this.#drifts >= MAX_DRIFTS) this.#options.events.onTrouble(someoneElseSets());
  }

  #judge({ pending_update_count, last_error_message }: WebhookInfo): void {
    this.#drifts = 0;
    const received = this.#received || this.#waiting.size > 0;
    this.#received = false;
    if (pending_update_count === 0 || received) {
      this.#misses = 0;
      this.#calmLooks++;
      this.#options.events.onWorking('look');
      return;
    }
    this.#misses++;
    this.#calmLooks = 0;
    if (this.#misses < MAX_MISSES) return;
    this.#failure = new WebhookFailure('WebhookFailing', failingWords(last_error_message));
  }

  async #receive(update: Update): Promise<Receipt> {
    const { events, clock } = this.#options;
    if (this.#stopping) return 'later';
    if (!this.#received) {
      this.#received = true;
      events.onWorking('update');
    }
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    // What is new may be finished before the call returns.
    const known = this.#waiting.get(update.update_id);
    if (known) known.push(resolve);
    else this.#waiting.set(update.update_id, [resolve]);
    const verdict = events.accept(update);
    if (verdict === 'finished' || verdict === 'full') {
      this.#waiting.delete(update.update_id);
      return verdict === 'finished' ? 'finished' : 'later';
    }
    const timer = clock.setTimer(HOLD_MS, () => resolve('later'));
    const receipt = await promise;
    timer.cancel();
    return receipt;
  }

  /** Waits until the next look is due, on the timer that all bots share. */
  #pause(signal: AbortSignal): Promise<void> {
    if (this.#stale || signal.aborted) return Promise.resolve();
    const delayMs = Math.min(MAX_LOOK_MS, LOOK_MS * 2 ** this.#calmLooks);
    return new Promise((resolve) => {
      const task = this.#options.sweep.add(delayMs, () => {
        this.#wake = undefined;
        resolve();
        return undefined;
      });
      this.#wake = () => {
        task.cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

function refusedWords({ publicUrl }: FleetWebhook, { message }: CallError): string {
  return `Telegram does not take ${publicUrl} as an address for webhooks: ${message} The bot polls meanwhile. Mend spec.webhook.publicUrl of the BotFleet.`;
}

function failingWords(lastError: string | undefined): string {
  const said = lastError === undefined ? '' : ` Telegram says: ${lastError}.`;
  return `Updates wait at Telegram and don't arrive by the webhook.${said} The bot polls meanwhile. See to it that spec.webhook.publicUrl of the BotFleet can be reached from outside, and leads here.`;
}

function someoneElseSets(): CallError {
  return new CallError(
    'conflict',
    'Another program keeps changing the webhook of this bot. Stop it, or renew the token.',
    { mayHaveHappened: false },
  );
}
