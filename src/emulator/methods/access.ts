import { ApiError, badRequest, forbidden } from '../api-error.ts';
import { leadingInteger } from '../args.ts';
import type { Chat } from '../chat.ts';
import type { TgMessage } from '../telegram-types.ts';
import type { Call } from './method.ts';

/** What a method wants to do in a chat. */
export type Access = 'read' | 'read-members' | 'edit' | 'write';

/** The chat that `chat_id` names, if the bot may do there what it wants to. */
export function chatArg(call: Call, access: Access, name = 'chat_id'): Chat {
  const text = call.args.text(name);
  if (text === '') throw badRequest('chat_id is empty');
  const chat = text.startsWith('@')
    ? call.world.findChat(text)
    : chatById(call, leadingInteger(text));
  if (!chat) throw badRequest('chat not found');
  const refusal = refusalIn(chat, call.bot.id, access);
  if (refusal) throw refusal;
  return chat;
}

/** The message that `message_id` names in `chat`; `called` is the server's word for it. */
export function messageIn(chat: Chat, messageId: number, called: string): TgMessage {
  const message = chat.message(messageId);
  if (!message) throw badRequest(`${called} not found`);
  return message;
}

function chatById({ world, bot }: Call, id: number): Chat | undefined {
  if (id < 0) return world.findChat(id);
  const chat = bot.privateChats.get(id);
  if (chat) return chat;
  const user = world.findUser(id);
  if (!user) return undefined;
  throw forbidden(
    user.is_bot ? "bot can't send messages to bots" : "bot can't initiate conversation with a user",
  );
}

function refusalIn(chat: Chat, botId: number, access: Access): ApiError | undefined {
  switch (chat.type) {
    case 'private': {
      const isBlocked = chat.membershipOf(botId).status === 'kicked' && !reads(access);
      return isBlocked ? forbidden('bot was blocked by the user') : undefined;
    }
    case 'group':
      return access === 'read' ? undefined : refusalInGroup(chat, botId);
    case 'supergroup':
    case 'channel': {
      const isOpen = reads(access) && chat.info.username !== undefined;
      const isOut = !chat.isMember(botId) && !isOpen;
      const isKicked = chat.membershipOf(botId).status === 'kicked';
      return isOut || isKicked ? outside(chat, botId) : undefined;
    }
    default:
      return chat.type satisfies never;
  }
}

function reads(access: Access): boolean {
  return access === 'read' || access === 'read-members';
}

function refusalInGroup(group: Chat, botId: number): ApiError | undefined {
  const { upgradedTo } = group;
  if (upgradedTo !== undefined) {
    const parameters = { migrate_to_chat_id: upgradedTo };
    const text = 'Bad Request: group chat was upgraded to a supergroup chat';
    return new ApiError(400, text, parameters);
  }
  return group.isMember(botId) ? undefined : outside(group, botId);
}

function outside(chat: Chat, botId: number): ApiError {
  const { status } = chat.membershipOf(botId);
  return forbidden(
    status === 'kicked'
      ? `bot was kicked from the ${chat.type} chat`
      : `bot is not a member of the ${chat.type} chat`,
  );
}
