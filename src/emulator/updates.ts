import type { UpdateKind } from '../lib/update-kinds.ts';
import type { Bot } from './bot.ts';
import type { TgMessage } from './telegram-types.ts';
import type { World } from './world.ts';

/** How long Telegram keeps an update that nobody fetches. */
const UPDATE_TTL_MS = 24 * 3_600_000;
/** A press of a button is worth answering only for this long. */
export const CALLBACK_TTL_MS = 150_000;

/** An update that is about to be queued. */
export interface NewUpdate {
  readonly kind: UpdateKind;
  readonly payload: object;
  readonly chatId: number | null;
  /** See `PendingUpdate.lane`. */
  readonly lane: string;
}

/**
 * Queues an update for `bot` and tells whoever waits for it. Returns its id, or null where the bot
 * has not asked for this kind or its queue is full.
 */
export function publish(world: World, bot: Bot, update: NewUpdate): number | null {
  const { kind, payload, chatId, lane } = update;
  if (!bot.allowedKinds.has(kind)) return null;
  const ttlMs = kind === 'callback_query' ? CALLBACK_TTL_MS : UPDATE_TTL_MS;
  const json = `"${kind}":${JSON.stringify(payload)}`;
  return enqueue(world, bot, { kind, json, chatId, lane, ttlMs });
}

/** Queues a message, or a post in a channel. */
export function publishMessage(world: World, bot: Bot, message: TgMessage): number | null {
  const { chat } = message;
  const kind = chat.type === 'channel' ? 'channel_post' : 'message';
  return publish(world, bot, { kind, payload: message, chatId: chat.id, lane: `chat ${chat.id}` });
}

/** Queues any body at all, asked for or not; only `update_id` is the emulator's to give. */
export function publishRaw(
  world: World,
  bot: Bot,
  body: Readonly<Record<string, unknown>>,
): number | null {
  const { update_id: _, ...rest } = body;
  const [kind = 'none'] = Object.keys(rest);
  const json = JSON.stringify(rest).slice(1, -1);
  return enqueue(world, bot, { kind, json, chatId: null, lane: undefined, ttlMs: UPDATE_TTL_MS });
}

function enqueue(
  world: World,
  bot: Bot,
  update: {
    readonly kind: string;
    readonly json: string;
    readonly chatId: number | null;
    readonly lane: string | undefined;
    readonly ttlMs: number;
  },
): number | null {
  const { kind, json, chatId, lane, ttlMs } = update;
  const updateId = bot.queue.nextId;
  const record = world.ledger.addUpdate({ bot: bot.name, updateId, kind, chatId });
  if (!bot.queue.push({ json, lane, record }, world.clock.monotonicMs() + ttlMs)) {
    world.ledger.settleUpdate(record, 'dropped');
    return null;
  }
  if (bot.webhook) bot.webhook.wake();
  else bot.polls.wake();
  return updateId;
}
