import type { Api } from 'grammy';
import type { WebhookInfo } from 'grammy/types';
import type { UpdateKind } from '../../lib/update-kinds.ts';

/** Parameters of setWebhook, as the Bot API names them. */
export interface SetWebhook {
  readonly url: string;
  readonly secret_token: string;
  readonly max_connections: number;
  readonly allowed_updates: readonly UpdateKind[];
  readonly drop_pending_updates: boolean;
}

/** The Bot API's methods about webhooks. They reject with what `classifyThrown` understands. */
export interface WebhookCalls {
  getWebhookInfo(signal: AbortSignal): Promise<WebhookInfo>;
  setWebhook(parameters: SetWebhook, signal: AbortSignal): Promise<void>;
  /** Leaves what waits to be fetched. */
  deleteWebhook(signal: AbortSignal): Promise<void>;
}

/** The calls through `api`, made anew for each: webhooks are seldom looked after. */
export function webhookCallsOf(api: (signal: AbortSignal) => Api): WebhookCalls {
  return {
    getWebhookInfo: (signal) => api(signal).getWebhookInfo(),
    async setWebhook({ url, allowed_updates, ...others }, signal) {
      await api(signal).setWebhook(url, { ...others, allowed_updates: [...allowed_updates] });
    },
    async deleteWebhook(signal) {
      await api(signal).deleteWebhook();
    },
  };
}
