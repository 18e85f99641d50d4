import type { BotFleetStatus } from '../api/bot-fleet.ts';
import type { BotRequest } from '../api/bot-requests.ts';
import type { ObjectMeta } from '../api/metadata.ts';
import type { RetryBook } from '../api/retry-counts.ts';
import type { TenantBotStatus } from '../api/tenant-bot-status.ts';
import type { AuditEntry } from '../history/audit.ts';
import type { HistoryReader } from '../history/queries/reader.ts';
import type { Caller } from './caller.ts';
import type { Leader } from './views/system.ts';

/** What objects are found by. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** A bot as it is stored: its spec may be one that another version of the schema let through. */
export interface BotObject {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
  readonly status: TenantBotStatus;
}

/** A fleet as it is stored. */
export interface FleetObject {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
  readonly status: BotFleetStatus;
}

/** One change of a catalog. */
export interface CatalogChange<Item> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Item;
}

/** All objects of a kind as they are now. Nothing in it is ever changed in place. */
export interface Catalog<Item> {
  /** Another text after every change: what was computed under one holds as long as it is the same. */
  version(): string;
  /** In no order that means anything. */
  list(): Iterable<Item>;
  get(name: ObjectName): Item | undefined;
  /** Hears of every change from now on, until the returned function is called. */
  watch(listener: (change: CatalogChange<Item>) => void): () => void;
}

/** Writes TenantBots. All methods reject in words (`TenantBotError`) where they may not or can't. */
export interface BotWriter {
  /** Merges `patch` (RFC 7386) into a bot, with the caller's own rights. */
  patch(caller: Caller, bot: ObjectName, patch: object, signal: AbortSignal): Promise<BotObject>;
  /** Makes a bot of a manifest, with the caller's own rights. */
  create(caller: Caller, manifest: object, signal: AbortSignal): Promise<BotObject>;
  /**
   * Asks a bot for something beyond its spec, with the operator's rights: whoever calls this has
   * seen to it that the caller may. `value` is what `status.handledRequests` shows afterwards.
   */
  ask(bot: ObjectName, request: BotRequest, value: string, signal: AbortSignal): Promise<void>;
}

/** Talks to bots as a user: where they talk to the emulator. */
export interface Chat {
  /** Says `text` to the bot of that id at Telegram, as the user with that name. */
  say(said: { readonly as: string; readonly botId: number; readonly text: string }): Promise<void>;
  /** Calls `onMessage` with what the bot says to the user from now on, until `signal` aborts. */
  listen(
    to: { readonly as: string; readonly botId: number },
    onMessage: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What bots write into the log. */
export interface BotLogs {
  /**
   * Calls `onLine` with the last `tail` lines of the bot, then, if `follow`, with each that comes,
   * until `signal` aborts. Lines are JSON objects.
   */
  read(
    bot: BotObject,
    options: { readonly tail: number; readonly follow: boolean },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** How a fleet reaches Telegram. */
export interface TelegramAddress {
  readonly apiRoot: string;
  /** Certificates (PEM) that it is checked against, instead of the public ones. */
  readonly caBundle?: string | undefined;
}

/**
 * What the admin API shows and acts through, wherever it runs: a standalone has one, and so has
 * every replica of the operator. What is undefined is not to be had there, and routes say so.
 */
export interface AdminBackend {
  readonly mode: 'standalone' | 'cluster';
  readonly bots: Catalog<BotObject>;
  readonly fleets: Catalog<FleetObject>;
  readonly writer: BotWriter;
  /** The retries of all bots. */
  readonly retries?: RetryBook | undefined;
  readonly chat?: Chat | undefined;
  readonly logs?: BotLogs | undefined;
  leader(): Leader;
  /** The leader's answer to a request of `caller`; undefined where nobody else could lead. */
  readonly askLeader?:
    | ((
        caller: Caller,
        request: { readonly method: string; readonly path: string },
        signal: AbortSignal,
      ) => Promise<unknown>)
    | undefined;
  telegramOf(fleet: FleetObject): TelegramAddress;
  /** Undefined while no history can be asked. */
  history(): HistoryReader | undefined;
  /** Keeps `entry` for good; where there is no history, in the log alone. Never rejects. */
  audit(entry: Omit<AuditEntry, 'id' | 'at'>): void;
}
