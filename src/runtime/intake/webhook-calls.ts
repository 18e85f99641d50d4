import type { Api } from 'grammy';
import type { WebhookInfo } from 'grammy/types';
import type { Clock } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import { within } from '../../lib/within.ts';
import type { Log } from '../../telemetry/log.ts';

/** Parameters of setWebhook, as the Bot API names them. */
export interface SetWebhook {
  readonly url: string;
  readonly secret_token: string;
  readonly max_connections: number;
  readonly allowed_updates: readonly UpdateKind[];
  readonly drop_pending_updates: boolean;
}

/** Makes an Api for calls of no hurry that end with `signal`. */
export interface BackgroundCalls {
  background(signal: AbortSignal): Api;
}

/**
 * The Bot API's methods about webhooks, through an Api made anew for each: webhooks are seldom
 * looked after. They reject with what `classifyThrown` understands.
 */
export class WebhookCalls {
  readonly #calls: BackgroundCalls;

  constructor(calls: BackgroundCalls) {
    this.#calls = calls;
  }

  getWebhookInfo(signal: AbortSignal): Promise<WebhookInfo> {
    return this.#calls.background(signal).getWebhookInfo();
  }

  async setWebhook(parameters: SetWebhook, signal: AbortSignal): Promise<void> {
    const { url, allowed_updates, ...others } = parameters;
    const options = { ...others, allowed_updates: [...allowed_updates] };
    await this.#calls.background(signal).setWebhook(url, options);
  }

  /** Leaves what waits to be fetched. */
  async deleteWebhook(signal: AbortSignal): Promise<void> {
    await this.#calls.background(signal).deleteWebhook();
  }
}

/** How long a bot that goes may take to remove its webhook. */
const REMOVE_MS = 2_000;

/** Removes the webhook of a bot that goes, if that takes no longer than it may. Never rejects. */
export async function removeWebhook(calls: BackgroundCalls, clock: Clock, log: Log): Promise<void> {
  const end = new AbortController();
  try {
    await within(clock, REMOVE_MS, new WebhookCalls(calls).deleteWebhook(end.signal));
  } catch (error) {
    log.warn(`the webhook is left with Telegram: ${errorMessage(error)}`);
  } finally {
    end.abort();
  }
}
