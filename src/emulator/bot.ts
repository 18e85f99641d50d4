import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { UpdateKind } from '../lib/update-kinds.ts';
import type { Chat } from './chat.ts';
import type { BotName, Ledger } from './ledger.ts';
import type { PendingUpdate } from './pending-update.ts';
import { PollGate } from './poll-gate.ts';
import type { TgUser } from './telegram-types.ts';
import { DEFAULT_KINDS, parseAllowedUpdates } from './update-kinds.ts';
import { UpdateQueue } from './update-queue.ts';
import type { Webhook } from './webhook.ts';

/** What makes a bot. */
export interface BotOptions {
  readonly name: BotName;
  readonly firstName: string;
  readonly readsAllGroupMessages: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
}

/** What a bot is called and says of itself, by language code (`''` is the default). */
export class BotProfile {
  readonly names = new Map<string, string>();
  readonly descriptions = new Map<string, string>();
  readonly shortDescriptions = new Map<string, string>();
  /** By scope and language, as JSON of both. */
  readonly commands = new Map<string, readonly object[]>();
}

/** Everything that the server knows about one bot. */
export class Bot {
  readonly name: BotName;
  readonly firstName: string;
  readonly readsAllGroupMessages: boolean;
  readonly queue: UpdateQueue<PendingUpdate>;
  readonly polls: PollGate<PendingUpdate>;
  readonly profile = new BotProfile();
  /** The chats with users who have talked to the bot, by user id. */
  readonly privateChats = new Map<number, Chat>();
  /** Until when a press of a button can be answered, by its id. */
  readonly callbackDeadlinesMs = new Map<string, number>();
  allowedKinds: ReadonlySet<UpdateKind> = DEFAULT_KINDS;
  webhook: Webhook | undefined;
  /** Calls that are under way, held polls among them. */
  activeCalls = 0;
  /** Grows with every change of the webhook, so that the latest one wins. */
  webhookGeneration = 0;
  nextSetWebhookMs = Number.NEGATIVE_INFINITY;
  /** When the server loaded the bot, for `close`; undefined while it isn't loaded. */
  loadedAtMs: number | undefined;
  /** Until then `logOut` keeps the bot out. */
  loggedOutUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ name, firstName, readsAllGroupMessages, clock, random, ledger }: BotOptions) {
    this.name = name;
    this.firstName = firstName;
    this.readsAllGroupMessages = readsAllGroupMessages;
    // The real server starts each queue at a random id, so that nobody counts on 1.
    const firstId = 2_000_001 + Math.floor(random() * 500_000_000);
    this.queue = new UpdateQueue(firstId, ({ item }, fate) =>
      ledger.settleUpdate(item.record, fate),
    );
    this.polls = new PollGate(clock, this.queue, () => ledger.notify());
  }

  /** Takes over an `allowed_updates` argument, if it says anything. */
  allowUpdates(argument: string): void {
    this.allowedKinds = parseAllowedUpdates(argument) ?? this.allowedKinds;
  }

  /** Ends the webhook, also one that is just being set. */
  dropWebhook(): void {
    this.webhookGeneration++;
    this.webhook?.stop();
    this.webhook = undefined;
  }

  /** Ends the bot's poll and its webhook, as when the server lets go of it. */
  unload(): void {
    this.loadedAtMs = undefined;
    this.dropWebhook();
    this.polls.release();
  }

  get id(): number {
    return this.name.id;
  }

  /** The bot as other people's messages show it. */
  get user(): TgUser {
    return {
      id: this.id,
      is_bot: true,
      first_name: this.profile.names.get('') ?? this.firstName,
      username: this.name.username,
    };
  }
}
