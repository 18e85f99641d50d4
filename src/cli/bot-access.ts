import type { BotRequest } from '../api/bot-requests.ts';
import type { TenantBotStatus } from '../api/tenant-bot-status.ts';

/** A bot by its full name. */
export interface BotName {
  readonly namespace: string;
  readonly name: string;
}

/** A bot and how it does. */
export interface SeenBot extends BotName {
  readonly status: TenantBotStatus;
}

/**
 * What a command needs that asks something of bots, wherever they run. Every method rejects in words
 * for people.
 */
export interface BotAccess {
  /** Where a bot is that is named without a namespace. */
  readonly namespace: string;
  /** The bots of a namespace; of all where undefined. */
  list(namespace: string | undefined): Promise<readonly SeenBot[]>;
  get(bot: BotName): Promise<SeenBot>;
  /** Asks for what the bot does once for each new `value`, which `status.handledRequests` then shows. */
  ask(bot: BotName, request: BotRequest, value: string): Promise<void>;
  close(): Promise<void>;
}
