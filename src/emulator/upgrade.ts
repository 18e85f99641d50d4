import type { Chat } from './chat.ts';
import { notNow } from './problem.ts';
import { publishMessage } from './updates.ts';
import type { World } from './world.ts';

/**
 * Makes a group a supergroup, as Telegram does when it grows: the chat has another id from then on,
 * and calls to the old one are refused with it. Both chats say so with a message.
 */
export function upgradeToSupergroup(world: World, group: Chat): Chat {
  if (group.type !== 'group' || group.upgradedTo !== undefined) {
    throw notNow('NOT_A_GROUP', `chat ${group.id} is no group that could be upgraded`);
  }
  const chat = world.createChat({ type: 'supergroup', title: group.info.title ?? '' });
  for (const [id, membership] of group.memberships) chat.memberships.set(id, membership);
  group.upgradedTo = chat.id;
  say(world, group, { migrate_to_chat_id: chat.id });
  say(world, chat, { migrate_from_chat_id: group.id });
  return chat;
}

function say(
  world: World,
  chat: Chat,
  content: { readonly migrate_to_chat_id: number } | { readonly migrate_from_chat_id: number },
): void {
  const message = chat.addMessage((id) => ({
    message_id: id,
    chat: chat.info,
    date: world.unixTime(),
    ...content,
  }));
  for (const bot of world.botsIn(chat)) publishMessage(world, bot, message);
}
