import type { Update, WebhookInfo } from 'grammy/types';
import type { FleetWebhook } from '../../api/webhook.ts';
import type { Secret } from '../../lib/secret.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { SweepTask, Visited } from '../sweep.ts';
import { CallError, classifyThrown } from '../telegram/call-error.ts';
import { type WebhookListener, webhookUrl } from '../webhook/webhook-door.ts';
import { WebhookKeys } from '../webhook/webhook-keys.ts';
import type { Receipt, Receiver } from '../webhook/webhook-routes.ts';
import { insist } from './insist.ts';
import type { Intake, IntakeDeps, IntakeEvents } from './intake.ts';
import { WebhookFailure } from './webhook-failure.ts';
import type { WebhookRegistrar } from './webhook-registrar.ts';

/** Who is told of what comes by a webhook. Its methods must not throw. */
export interface WebhookEvents extends Pick<IntakeEvents, 'onLull' | 'onTrouble'> {
  /** What to make of an update; one that is `new` will be {@link Intake.finish}ed. */
  accept(update: Update): 'new' | 'in-hand' | 'finished' | 'full';
  /** Telegram has the webhook, at this address, of which people may see so much. */
  onRegistered(shownUrl: string): void;
  /** An update has come, or a look has found all as it should be. */
  onWorking(proof: 'update' | 'look'): void;
  /**
   * The intake has ended by itself: with a {@link WebhookFailure} when updates don't come this way,
   * else as {@link IntakeEvents.onFailed}.
   */
  onFailed(error: unknown): void;
}

export interface WebhookIntakeOptions {
  readonly registrar: WebhookRegistrar;
  readonly token: Secret;
  readonly listener: WebhookListener;
  readonly deps: IntakeDeps;
  readonly events: WebhookEvents;
  readonly allowedUpdates: readonly UpdateKind[];
  /** Whether to begin with throwing away what waits. */
  readonly dropPending: boolean;
}

/** A pair of key and secret under which updates come in. */
interface OpenRoute {
  readonly period: number;
  readonly key: string;
}

/** A look at Telegram that is under way. */
interface Look {
  readonly call: AbortController;
  readonly ended: Promise<void>;
}

/** A request that waits for its update's end. */
interface Waiting {
  readonly updateId: number;
  readonly answer: (receipt: Receipt) => void;
}

/** How long a request is held until its update is finished. Telegram itself waits a minute. */
const HOLD_MS = 5_000;
/** Between two looks at what Telegram says: longer and longer while all is well. */
const LOOK_MS = 15_000;
const MAX_LOOK_MS = 120_000;
/** After that the calls of a look are no more than past. */
const LULL_MS = 2_000;
/** The sweep comes a tenth and a second later at most, and twice. */
export const LONGEST_LOOK_MS = MAX_LOOK_MS * 1.1 + 2_000;
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
 */
export class WebhookIntake implements Intake, Receiver, Visited {
  readonly #options: WebhookIntakeOptions;
  #waiting: readonly Waiting[] = NOBODY;
  /** Those that are open. */
  #routes: readonly OpenRoute[] = [];
  #allowedUpdates: readonly UpdateKind[];
  #dropPending: boolean;
  #stopping = false;
  #look: Look | undefined;
  #nextLook: SweepTask | undefined;
  /** Something has changed since the last look began. */
  #stale = false;
  /** In how long another look is due, after the lull; undefined once it is but the look that is. */
  #lookInMs: number | undefined;
  #set = false;
  #received = false;
  #calmLooks = 0;
  #misses = 0;
  #drifts = 0;

  constructor(options: WebhookIntakeOptions) {
    this.#options = options;
    this.#allowedUpdates = options.allowedUpdates;
    this.#dropPending = options.dropPending;
  }

  finish(updateId: number): void {
    for (const { answer } of this.#take(updateId)) answer('finished');
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
    this.start();
  }

  /** Of the sweep: first the lull after a look, then the next look. */
  visit(): number | undefined {
    const lookInMs = this.#lookInMs;
    this.#lookInMs = undefined;
    if (lookInMs === undefined) this.start();
    else this.#options.events.onLull();
    return lookInMs;
  }

  start(): void {
    this.#nextLook?.cancel();
    if (this.#look || this.#stopping) return;
    const call = new AbortController();
    this.#look = { call, ended: this.#lookAll(call.signal) };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#nextLook?.cancel();
    this.#look?.call.abort();
    await this.#look?.ended;
  }

  /** Nothing is left to be confirmed: what was finished was answered. Closes the door. */
  confirm(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Takes nothing any more; what is unfinished is to be sent again. */
  close(): void {
    this.#stopping = true;
    const { routes } = this.#options.listener;
    for (const { key } of this.#routes) routes.close(key, this);
    this.#routes = [];
    for (const { answer } of this.#waiting) answer('later');
    this.#waiting = NOBODY;
  }

  /** Looks until nothing has changed meanwhile, and has the sweep come back. Never rejects. */
  async #lookAll(signal: AbortSignal): Promise<void> {
    const { deps, events } = this.#options;
    const { clock, random } = deps;
    const insistence = {
      clock,
      random,
      onTrouble: (error: CallError): void => events.onTrouble(error),
    };
    try {
      do {
        this.#stale = false;
        const failure = await insist(() => this.#check(signal), insistence, signal);
        if (failure) throw failure;
      } while (this.#stale && !this.#stopping);
      this.#look = undefined;
      if (!this.#stopping) this.#comeBack();
    } catch (error) {
      this.#look = undefined;
      events.onFailed(error);
    }
  }

  #comeBack(): void {
    this.#lookInMs = Math.min(MAX_LOOK_MS, LOOK_MS * 2 ** this.#calmLooks) - LULL_MS;
    this.#nextLook = this.#options.deps.sweep.add(LULL_MS, this);
  }

  /**
   * Brings Telegram in line with what is wanted, and judges what it says of its deliveries. Resolves
   * to why updates don't come this way, where they don't.
   */
  async #check(signal: AbortSignal): Promise<WebhookFailure | undefined> {
    const { registrar, token, listener, deps, events } = this.#options;
    const { fleet } = deps.webhookDoor;
    if (!fleet) return undefined;
    const keys = new WebhookKeys(token);
    this.#openRoutes(keys);
    const period = keys.periodAt(deps.clock.wallMs());
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
      const failing = changed ? this.#noteChange() : this.#judge(info);
      events.onRegistered(deps.webhookDoor.shownUrl);
      this.#set = true;
      return failing;
    } catch (error) {
      const failure = classifyThrown(error);
      if (failure.fault !== 'rejected') throw failure;
      return new WebhookFailure('WebhookRefused', refusedWords(fleet, failure));
    }
  }

  /** A rotation opens another one, and ends the one before after a while. */
  #openRoutes(keys: WebhookKeys): void {
    const { deps, listener } = this.#options;
    if (this.#stopping) return;
    const accepted = keys.acceptedAt(deps.clock.wallMs());
    const kept = this.#routes.filter(({ period }) => accepted.includes(period));
    for (const route of this.#routes) {
      if (!kept.includes(route)) listener.routes.close(route.key, this);
    }
    const opened = accepted
      .filter((period) => !kept.some((route) => route.period === period))
      .map((period) => ({ period, key: keys.key(period) }));
    for (const { period, key } of opened) listener.routes.open(key, keys.secret(period), this);
    this.#routes = [...kept, ...opened];
  }

  #noteChange(): undefined {
    this.#misses = 0;
    this.#calmLooks = 0;
    this.#received = false;
    if (!this.#set) return;
    this.#drifts++;
    if (this.#drifts >= MAX_DRIFTS) this.#options.events.onTrouble(someoneElseSets());
  }

  #judge({ pending_update_count, last_error_message }: WebhookInfo): WebhookFailure | undefined {
    const { events } = this.#options;
    this.#drifts = 0;
    const received = this.#received || this.#waiting.length > 0;
    this.#received = false;
    if (pending_update_count === 0 || received) {
      this.#misses = 0;
      this.#calmLooks++;
      events.onWorking('look');
      return undefined;
    }
    this.#misses++;
    this.#calmLooks = 0;
    if (this.#misses < MAX_MISSES) return undefined;
    return new WebhookFailure('WebhookFailing', failingWords(last_error_message));
  }

  async receive(update: Update): Promise<Receipt> {
    const { events, deps } = this.#options;
    if (this.#stopping) return 'later';
    if (!this.#received) {
      this.#received = true;
      events.onWorking('update');
    }
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    // What is new may be finished before the call returns.
    this.#waiting = [...this.#waiting, { updateId: update.update_id, answer: resolve }];
    const verdict = events.accept(update);
    if (verdict === 'finished' || verdict === 'full') {
      this.#take(update.update_id);
      return verdict === 'finished' ? 'finished' : 'later';
    }
    const timer = deps.clock.setTimer(HOLD_MS, () => resolve('later'));
    const receipt = await promise;
    timer.cancel();
    return receipt;
  }

  /** Those that wait for an update, who wait no more. */
  #take(updateId: number): readonly Waiting[] {
    const taken = this.#waiting.filter((waiting) => waiting.updateId === updateId);
    if (taken.length === 0) return taken;
    const others = this.#waiting.filter((waiting) => waiting.updateId !== updateId);
    this.#waiting = others.length > 0 ? others : NOBODY;
    return taken;
  }
}

const NOBODY: readonly Waiting[] = [];

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
