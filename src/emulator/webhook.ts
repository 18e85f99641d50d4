import type { Clock, Timer } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { Ledger } from './ledger.ts';
import { type PendingUpdate, updateJson } from './pending-update.ts';
import type { Queued, UpdateQueue } from './update-queue.ts';
import type { WebhookPoster, WebhookReply } from './webhook-poster.ts';

/** A webhook as the bot has set it. */
export interface WebhookSettings {
  readonly url: string;
  readonly secretToken: string;
  readonly maxConnections: number;
  /** The address that the bot has fixed, `''` where it is looked up. */
  readonly ipAddress: string;
  readonly certificate: string | undefined;
}

/** The last time that a delivery failed. */
export interface WebhookError {
  readonly atMs: number;
  readonly text: string;
}

/** What a webhook works with. */
export interface WebhookOptions {
  readonly settings: WebhookSettings;
  /** The address that updates go to, as getWebhookInfo shows it. */
  readonly shownIpAddress: string;
  readonly poster: WebhookPoster;
  readonly queue: UpdateQueue<PendingUpdate>;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Hears the body of every successful answer: it may call a method. */
  readonly onReply: (reply: WebhookReply) => void;
  /** The endpoint has said 410 for so long that the webhook is given up. */
  readonly onGone: () => void;
}

/** Longest pause between two tries of one update; the real one lies between this and twice it. */
const MAX_PAUSE_MS = 60_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
/** An endpoint that answers 410 for longer than this loses its webhook. */
const GONE_AFTER_MS = 23 * 3_600_000;
/** An endpoint without a success for this long is tried on one connection only. */
const TRUSTED_MS = 10_000;

interface Loaded {
  readonly entry: Queued<PendingUpdate>;
  pauseMs: number;
  failures: number;
  wakeAtMs: number;
}

/** Updates of one chat, in order; only the first is ever under way. */
interface Lane {
  readonly waiting: Loaded[];
  busy: boolean;
}

/**
 * Hands a bot's updates to its endpoint: side by side for different chats up to
 * `maxConnections`, one after the other within a chat, tried again with growing pauses until they
 * are taken or expire. Follows the published server's `WebhookActor.cpp`.
 */
export class Webhook {
  readonly settings: WebhookSettings;
  readonly shownIpAddress: string;
  lastError: WebhookError | undefined;
  readonly #options: WebhookOptions;
  readonly #lanes = new Map<string, Lane>();
  #loaded = 0;
  #loadedUpTo = 0;
  #inFlight = 0;
  #stopped = false;
  #timer: Timer | undefined;
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  #gone410SinceMs: number | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.shownIpAddress = options.shownIpAddress;
  }

  /** Updates have come, or the webhook has just been set: sends what can be sent. */
  wake(): void {
    if (this.#stopped) return;
    this.#load();
    const nowMs = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, lane] of this.#lanes) {
      const first = lane.waiting[0];
      if (lane.busy || !first) continue;
      if (first.wakeAtMs > nowMs) nextMs = Math.min(nextMs, first.wakeAtMs);
      else if (this.#inFlight < this.#connections(nowMs)) void this.#send(key, lane, first);
    }
    this.#sleepUntil(nextMs, nowMs);
  }

  /** Sends nothing more; answers that are still to come are ignored. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#options.poster.close();
  }

  #load(): void {
    const { queue, clock } = this.#options;
    const room = this.settings.maxConnections * 2 - this.#loaded;
    if (room <= 0) return;
    const nowMs = clock.monotonicMs();
    for (const entry of queue.peek(this.#loadedUpTo, room, nowMs)) {
      const key = entry.item.lane ?? `update ${entry.id}`;
      const lane = this.#lanes.get(key) ?? { waiting: [], busy: false };
      lane.waiting.push({ entry, pauseMs: 1_000, failures: 0, wakeAtMs: nowMs });
      this.#lanes.set(key, lane);
      this.#loaded++;
      this.#loadedUpTo = entry.id;
    }
  }

  #connections(nowMs: number): number {
    return this.#lastSuccessMs + TRUSTED_MS < nowMs ? 1 : this.settings.maxConnections;
  }

  #sleepUntil(atMs: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (Number.isFinite(atMs)) {
      this.#timer = this.#options.clock.setTimer(atMs - nowMs, () => this.wake());
    }
  }

  async #send(key: string, lane: Lane, loaded: Loaded): Promise<void> {
    lane.busy = true;
    this.#inFlight++;
    const { id, item } = loaded.entry;
    const reply = await this.#options.poster.post(updateJson(id, item.json));
    this.#inFlight--;
    lane.busy = false;
    this.#options.ledger.addDelivery(item.record, 'webhook', reply.outcome);
    if (this.#stopped) return;
    if (reply.status >= 200 && reply.status <= 299) this.#taken(lane, loaded, reply);
    else this.#failed(lane, loaded, reply);
    if (lane.waiting.length === 0) this.#lanes.delete(key);
    this.wake();
  }

  #taken(lane: Lane, loaded: Loaded, reply: WebhookReply): void {
    this.#lastSuccessMs = this.#options.clock.monotonicMs();
    this.#gone410SinceMs = undefined;
    this.#drop(lane, loaded, 'confirmed');
    this.#options.onReply(reply);
  }

  #failed(lane: Lane, loaded: Loaded, reply: WebhookReply): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    this.lastError = { atMs: clock.wallMs(), text: reply.error };
    this.#count410(reply.status, nowMs);
    const pauseMs = this.#pauseMs(loaded, Math.min(reply.retryAfterMs, MAX_RETRY_AFTER_MS));
    if (nowMs + pauseMs > loaded.entry.expiresAtMs) {
      this.#drop(lane, loaded, 'expired');
      return;
    }
    loaded.failures++;
    loaded.wakeAtMs = nowMs + pauseMs;
  }

  /** None before the second try, then 2 s, 4 s and so on. */
  #pauseMs(loaded: Loaded, retryAfterMs: number): number {
    if (retryAfterMs > 0) return retryAfterMs;
    if (loaded.failures === 0) return 0;
    const maxMs = MAX_PAUSE_MS * (1 + this.#options.random());
    loaded.pauseMs = Math.min(loaded.pauseMs * 2, maxMs);
    return loaded.pauseMs;
  }

  #count410(status: number, nowMs: number): void {
    if (status !== 410) {
      this.#gone410SinceMs = undefined;
    } else if (this.#gone410SinceMs === undefined) {
      this.#gone410SinceMs = nowMs;
    } else if (nowMs > this.#gone410SinceMs + GONE_AFTER_MS) {
      this.stop();
      this.#options.onGone();
    }
  }

  #drop(lane: Lane, loaded: Loaded, fate: 'confirmed' | 'expired'): void {
    lane.waiting.shift();
    this.#loaded--;
    this.#options.queue.settle(loaded.entry.id, fate);
  }
}
