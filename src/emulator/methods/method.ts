import type { Args } from '../args.ts';
import type { Bot } from '../bot.ts';
import type { Limits } from '../limits/limits.ts';
import type { PendingUpdate } from '../pending-update.ts';
import type { Queued } from '../update-queue.ts';
import type { WebhookSettings } from '../webhook.ts';
import type { CheckedEndpoint, WebhookRules } from '../webhook-rules.ts';
import type { World } from '../world.ts';

/** How the server lets bots set webhooks. */
export interface WebhookHost {
  readonly rules: WebhookRules;
  /** Starts delivering `bot`'s updates to `endpoint`. */
  open(bot: Bot, settings: WebhookSettings, endpoint: CheckedEndpoint): void;
}

/** One call of a method by a bot whose token was good. */
export interface Call {
  readonly world: World;
  readonly bot: Bot;
  readonly args: Args;
  readonly webhooks: WebhookHost;
  readonly limits: Limits;
}

/** A successful answer. */
export interface Answer {
  readonly resultJson: string;
  readonly description?: string;
  /** The updates that the answer carries, delivered once it has been sent. */
  readonly updates?: readonly Queued<PendingUpdate>[];
  readonly messageId?: number;
}

/** A method of the Bot API. `run` throws an `ApiError` for what the real server refuses. */
export interface Method {
  readonly name: string;
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

/** `result`, with the remark that some methods add. */
export function answer(result: unknown, description?: string): Answer {
  const resultJson = JSON.stringify(result);
  return description === undefined ? { resultJson } : { resultJson, description };
}
