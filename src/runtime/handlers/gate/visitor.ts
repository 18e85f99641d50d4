import type { Chat, Message, User } from 'grammy/types';

/** Somebody in a group that is guarded. */
export interface Visitor {
  readonly groupId: number;
  readonly title: string;
  readonly user: Pick<User, 'id' | 'first_name' | 'username'>;
  /** The topic in which somebody wrote. */
  readonly threadId?: number;
}

/** What tells of an event in a group and was written by nobody. */
const SERVICE_FIELDS = [
  'new_chat_members',
  'left_chat_member',
  'new_chat_title',
  'new_chat_photo',
  'delete_chat_photo',
  'group_chat_created',
  'supergroup_chat_created',
  'migrate_to_chat_id',
  'migrate_from_chat_id',
  'pinned_message',
  'message_auto_delete_timer_changed',
  'forum_topic_created',
  'forum_topic_edited',
  'forum_topic_closed',
  'forum_topic_reopened',
  'general_forum_topic_hidden',
  'general_forum_topic_unhidden',
  'video_chat_scheduled',
  'video_chat_started',
  'video_chat_ended',
  'video_chat_participants_invited',
  'proximity_alert_triggered',
  'boost_added',
  'chat_background_set',
  'successful_payment',
  'refunded_payment',
] as const;

/** Whether there are members in `chat` that can be kept from writing. */
export function isGroup(chat: Pick<Chat, 'type'>): boolean {
  return chat.type === 'group' || chat.type === 'supergroup';
}

/**
 * Who wrote `message`, where that is a person in a group. Undefined for bots, for events, and for
 * what was written in the name of a chat: anonymous administrators, and posts of a linked channel.
 */
export function writerOf(message: Message): Visitor | undefined {
  const { from, chat, sender_chat: senderChat } = message;
  if (!isGroup(chat) || !from || from.is_bot || senderChat) return undefined;
  if (SERVICE_FIELDS.some((field) => field in message)) return undefined;
  const { is_topic_message: inTopic, message_thread_id: threadId } = message;
  return {
    ...visitorIn(chat, from),
    ...(inTopic && threadId !== undefined && { threadId }),
  };
}

/** The people whom `message` tells to have come into a group. */
export function arrivalsOf({ chat, new_chat_members: arrivals = [] }: Message): Visitor[] {
  if (!isGroup(chat)) return [];
  return arrivals.filter(({ is_bot: isBot }) => !isBot).map((user) => visitorIn(chat, user));
}

/** `user` as one who is in `chat`. */
export function visitorIn(
  chat: { readonly id: number; readonly title?: string | undefined },
  user: Visitor['user'],
): Visitor {
  const { id, first_name, username } = user;
  return {
    groupId: chat.id,
    title: chat.title ?? '',
    user: { id, first_name, ...(username !== undefined && { username }) },
  };
}

/** One text for a user in a group. */
export function pairOf({ groupId, user }: Visitor): string {
  return `${groupId}:${user.id}`;
}

const PREFIX = 'tb-gate';
const DATA = new RegExp(`^${PREFIX}:(-\\d{1,16}):(\\d{1,16})$`);

/**
 * What the button of a prompt carries: for whom it is, and which group it opens. Nobody gains by
 * making one up: a press counts for who presses, and only with a membership that Telegram confirms.
 */
export function toButtonData(visitor: Visitor): string {
  return `${PREFIX}:${pairOf(visitor)}`;
}

/** Whom and which group `data` names; undefined where it is not that of a prompt. */
export function parseButtonData(
  data: string | undefined,
): { readonly groupId: number; readonly userId: number } | undefined {
  const [, groupId, userId] = DATA.exec(data ?? '') ?? [];
  return groupId === undefined ? undefined : { groupId: Number(groupId), userId: Number(userId) };
}
