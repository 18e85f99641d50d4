import type { Chat } from './chat.ts';
import { memberView } from './member-view.ts';
import type { Membership, TgUser } from './telegram-types.ts';
import { publish, publishMessage } from './updates.ts';
import type { World } from './world.ts';

/** A change of someone's standing in a chat, and who made it. */
export interface MembershipChange {
  readonly userId: number;
  readonly to: Membership;
  readonly by: TgUser;
  /** Somebody was let in who had asked for it. */
  readonly viaJoinRequest?: boolean;
}

/**
 * Changes a membership and tells the bots: the one that it is about (`my_chat_member`), the chat's
 * administrators among them (`chat_member`, where they have asked for it), and, when somebody came
 * or left, all that are in the group (a message).
 */
export function changeMembership(world: World, chat: Chat, change: MembershipChange): void {
  const { userId, to, by } = change;
  const user = world.findUser(userId);
  if (!user) return;
  const from = chat.membershipOf(userId);
  const wasMember = chat.isMember(userId);
  chat.memberships.set(userId, to);
  const payload = {
    chat: chat.info,
    from: by,
    date: world.unixTime(),
    old_chat_member: memberView(user, from),
    new_chat_member: memberView(user, to),
    ...(change.viaJoinRequest === true && { via_join_request: true }),
  };
  const own = world.findBot(userId);
  if (own)
    publish(world, own, {
      kind: 'my_chat_member',
      payload,
      chatId: chat.id,
      lane: `my ${chat.id}`,
    });
  for (const id of chat.memberships.keys()) {
    const bot = chat.isAdmin(id) && id !== userId ? world.findBot(id) : undefined;
    if (bot) {
      publish(world, bot, {
        kind: 'chat_member',
        payload,
        chatId: chat.id,
        lane: `member ${userId}`,
      });
    }
  }
  if (wasMember !== chat.isMember(userId)) announce(world, chat, change.by, user);
}

/** Groups say who came and who left; all bots in them hear it. */
function announce(world: World, chat: Chat, by: TgUser, user: TgUser): void {
  if (chat.type !== 'group' && chat.type !== 'supergroup') return;
  const message = chat.addMessage((id) => ({
    message_id: id,
    from: by,
    chat: chat.info,
    date: world.unixTime(),
    ...(chat.isMember(user.id) ? { new_chat_members: [user] } : { left_chat_member: user }),
  }));
  for (const bot of world.botsIn(chat)) publishMessage(world, bot, message);
}
