import type { Bot } from './bot.ts';
import { type Chat, quoted } from './chat.ts';
import { changeMembership } from './memberships.ts';
import { notFound, notNow, Problem } from './problem.ts';
import type { Membership, TgMessage, TgUser } from './telegram-types.ts';
import { findEntities } from './text.ts';
import { CALLBACK_TTL_MS, publish, publishMessage } from './updates.ts';
import type { World } from './world.ts';

/** A text that a user sends. */
export interface SendText {
  /** Needed in private chats; in others it says whose update id to return. */
  readonly bot: Bot | undefined;
  readonly from: TgUser;
  /** The private chat with `bot` where undefined. */
  readonly chat: Chat | undefined;
  readonly text: string;
  readonly replyTo?: number | undefined;
}

/** What came of it. `updateId` is null where the bot doesn't get such updates. */
export interface SentText {
  readonly messageId: number;
  readonly chatId: number;
  readonly updateId: number | null;
}

/** Sends `text` as a user, whatever it holds: length and characters are not checked. */
export function sendText(world: World, action: SendText): SentText {
  const { from, text, replyTo } = action;
  const chat = action.chat ?? privateChatWith(world, action);
  checkMayTalk(chat, from.id);
  chat.heardAtMs = world.clock.monotonicMs();
  const repliedTo = replyTo === undefined ? undefined : chat.message(replyTo);
  const entities = findEntities(text);
  const message = chat.addMessage((id) => ({
    message_id: id,
    ...(chat.type === 'channel' ? { sender_chat: chat.info } : { from }),
    chat: chat.info,
    date: world.unixTime(),
    ...(repliedTo && { reply_to_message: quoted(repliedTo) }),
    text,
    ...(entities.length > 0 && { entities }),
  }));
  const updateIds = new Map<Bot, number | null>();
  for (const bot of world.botsIn(chat)) {
    if (seesMessage(bot, chat, message)) updateIds.set(bot, publishMessage(world, bot, message));
  }
  const updateId = (action.bot && updateIds.get(action.bot)) ?? null;
  return { messageId: message.message_id, chatId: chat.id, updateId };
}

function checkMayTalk(chat: Chat, userId: number): void {
  if (chat.upgradedTo !== undefined) {
    throw notNow('CHAT_UPGRADED', `chat ${chat.id} has become chat ${chat.upgradedTo}`);
  }
  const { status, permissions } = chat.membershipOf(userId);
  if (!chat.isMember(userId)) {
    throw notNow('NOT_A_MEMBER', `user ${userId} is not in chat ${chat.id}; add it first`);
  }
  if (status === 'restricted' && permissions?.can_send_messages !== true) {
    throw notNow('NOT_ALLOWED', `user ${userId} is restricted in chat ${chat.id}: it can't send`);
  }
}

function privateChatWith(world: World, { bot, from }: SendText): Chat {
  if (!bot) {
    throw new Problem(400, 'BOT_OR_CHAT_NEEDED', 'say which bot or which chat the text goes to');
  }
  const chat = world.openPrivateChat(bot, from);
  if (chat.membershipOf(bot.id).status === 'kicked') {
    throw notNow(
      'BOT_BLOCKED',
      `user ${from.id} has blocked the bot; unblock it with POST /blocks`,
    );
  }
  return chat;
}

/** Bots in groups hear only what is meant for them, unless they are allowed to read all. */
function seesMessage(
  bot: Bot,
  chat: Chat,
  { text = '', reply_to_message: reply }: TgMessage,
): boolean {
  if (chat.type === 'private' || chat.type === 'channel') return true;
  if (bot.readsAllGroupMessages || chat.isAdmin(bot.id)) return true;
  if (reply?.from?.id === bot.id) return true;
  const addressed = text.toLowerCase().includes(`@${bot.name.username.toLowerCase()}`);
  return addressed || /^\/\w+(?:\s|$)/.test(text);
}

/** A press of an inline button. */
export interface PressButton {
  readonly bot: Bot;
  readonly from: TgUser;
  readonly chat: Chat | undefined;
  readonly messageId: number;
  /** What the press carries; the data of the button where undefined. */
  readonly data?: string | undefined;
  /** The text of the button, the first one that has data where undefined. */
  readonly button?: string | undefined;
}

interface InlineButton {
  readonly text: string;
  readonly callback_data?: string;
}

/** Open presses remembered per bot. */
const MAX_CALLBACKS = 10_000;

/** Presses a button below a message; with `data` given, one that need not be there. */
export function pressButton(
  world: World,
  { bot, from, chat, messageId, data, button }: PressButton,
): { readonly callbackQueryId: string; readonly updateId: number | null } {
  const where = chat ?? bot.privateChats.get(from.id);
  const message = where?.message(messageId);
  if (!where || !message) {
    throw notFound('MESSAGE_NOT_FOUND', `there is no message ${messageId} in that chat`);
  }
  const carried = data ?? dataOfButton(message, button);
  where.heardAtMs = world.clock.monotonicMs();
  const callbackQueryId = String(Math.floor(world.random() * 2 ** 53));
  const deadlines = bot.callbackDeadlinesMs;
  deadlines.set(callbackQueryId, world.clock.monotonicMs() + CALLBACK_TTL_MS);
  const [oldest] = deadlines.keys();
  if (deadlines.size > MAX_CALLBACKS && oldest !== undefined) deadlines.delete(oldest);
  const payload = {
    id: callbackQueryId,
    from,
    message,
    chat_instance: String(where.id),
    data: carried,
  };
  const lane = `callback ${from.id}`;
  const updateId = publish(world, bot, { kind: 'callback_query', payload, chatId: where.id, lane });
  return { callbackQueryId, updateId };
}

function dataOfButton(message: TgMessage, text: string | undefined): string {
  const { inline_keyboard: rows = [] } = (message.reply_markup ?? {}) as {
    readonly inline_keyboard?: readonly (readonly InlineButton[])[];
  };
  const pressable = rows.flat().filter((button) => button.callback_data !== undefined);
  const found = pressable.find((button) => text === undefined || button.text === text);
  if (found?.callback_data === undefined) {
    const there = pressable.map((button) => JSON.stringify(button.text)).join(', ') || 'none';
    throw notFound(
      'BUTTON_NOT_FOUND',
      `message ${message.message_id} has no such button with data; it has ${there}`,
    );
  }
  return found.callback_data;
}

/** Asks to be let into a chat; the bots that administer it hear of it. */
export function requestToJoin(world: World, chat: Chat, from: TgUser): void {
  if (chat.isMember(from.id)) {
    throw notNow('ALREADY_A_MEMBER', `user ${from.id} is in chat ${chat.id} already`);
  }
  chat.joinRequests.add(from.id);
  const date = world.unixTime();
  const payload = { chat: chat.info, from, user_chat_id: from.id, date };
  for (const bot of world.botsIn(chat)) {
    if (!chat.isAdmin(bot.id)) continue;
    // The bot may write to who has asked, even if the two have never met.
    world.openPrivateChat(bot, from);
    publish(world, bot, {
      kind: 'chat_join_request',
      payload,
      chatId: chat.id,
      lane: `member ${from.id}`,
    });
  }
}

/** Changes somebody's standing in a chat by the hand of `by`, or of themselves. */
export function setMembership(
  world: World,
  chat: Chat,
  change: { readonly userId: number; readonly to: Membership; readonly by: TgUser | undefined },
): void {
  const user = world.findUser(change.userId);
  if (!user) throw notFound('USER_NOT_FOUND', `there is no user or bot ${change.userId}`);
  const by = change.by ?? user;
  const to = by === user ? byOneself(chat.membershipOf(user.id), change.to) : change.to;
  changeMembership(world, chat, { userId: user.id, to, by });
}

/** Who leaves a chat while restricted there is restricted still when coming back. */
function byOneself(now: Membership, wanted: Membership): Membership {
  if (now.status !== 'restricted') return wanted;
  if (wanted.status === 'left') return { ...now, isMember: false };
  if (wanted.status === 'member' && now.isMember === false) return { ...now, isMember: true };
  return wanted;
}

/** Blocks or unblocks the bot as a user; the bot is told with `my_chat_member`. */
export function setBlocked(world: World, bot: Bot, from: TgUser, blocked: boolean): void {
  const chat = world.openPrivateChat(bot, from);
  const status = blocked ? 'kicked' : 'member';
  if (chat.membershipOf(bot.id).status === status) return;
  changeMembership(world, chat, { userId: bot.id, to: { status }, by: from });
}
