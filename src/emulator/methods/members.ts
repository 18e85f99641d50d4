import { badRequest } from '../api-error.ts';
import type { Chat } from '../chat.ts';
import { memberView } from '../member-view.ts';
import { changeMembership, type MembershipChange } from '../memberships.ts';
import { SENDING_PERMISSIONS } from '../permissions.ts';
import { chatArg } from './access.ts';
import { untilDateArg, userIdArg } from './arguments.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';
import { permissionsArg } from './permissions.ts';

/** Chats and who is in them. */
export const MEMBER_METHODS: readonly Method[] = [
  { name: 'getChat', run: getChat },
  { name: 'getChatMember', run: getChatMember },
  { name: 'getChatMemberCount', run: getChatMemberCount },
  { name: 'getChatMembersCount', run: getChatMemberCount },
  { name: 'restrictChatMember', run: restrictChatMember },
  { name: 'banChatMember', run: banChatMember },
  { name: 'kickChatMember', run: banChatMember },
  { name: 'approveChatJoinRequest', run: (call) => decideJoinRequest(call, 'approve') },
  { name: 'declineChatJoinRequest', run: (call) => decideJoinRequest(call, 'decline') },
];

const NO_GIFTS = {
  unlimited_gifts: false,
  limited_gifts: false,
  unique_gifts: false,
  premium_subscription: false,
  gifts_from_channels: false,
} as const;

function getChat(call: Call): Answer {
  const chat = chatArg(call, 'read');
  return answer({
    ...chat.info,
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: NO_GIFTS,
  });
}

function getChatMember(call: Call): Answer {
  const userId = userIdArg(call.args);
  const ownId = call.bot.id;
  const chat = chatArg(call, userId === ownId ? 'read' : 'read-members');
  const user = call.world.findUser(userId);
  if (userId !== ownId && !maySeeMembers(chat, ownId)) {
    throw badRequest('member list is inaccessible');
  }
  if (!user) throw badRequest('user not found');
  return answer(memberView(user, chat.membershipOf(userId)));
}

function getChatMemberCount(call: Call): Answer {
  return answer(chatArg(call, 'read-members').memberIds().length);
}

/** A channel shows its members to administrators only, and a public group to those inside. */
function maySeeMembers(chat: Chat, botId: number): boolean {
  return chat.type === 'channel' ? chat.isAdmin(botId) : chat.isMember(botId);
}

function restrictChatMember(call: Call): Answer {
  const { args } = call;
  const userId = userIdArg(args);
  const permissions = permissionsArg(args);
  const chat = chatArg(call, 'write');
  if (chat.type !== 'supergroup') {
    throw badRequest('method is available only for supergroups');
  }
  checkMayRestrict(call, chat, userId);
  const isMember = chat.isMember(userId);
  const free = SENDING_PERMISSIONS.every((name) => permissions[name]);
  const untilDate = untilDateArg(args, call.world.unixTime());
  return change(call, chat, {
    userId,
    to: free
      ? { status: isMember ? 'member' : 'left' }
      : { status: 'restricted', isMember, permissions, untilDate },
  });
}

function banChatMember(call: Call): Answer {
  const userId = userIdArg(call.args);
  const chat = chatArg(call, 'write');
  if (chat.type === 'private') throw badRequest("can't ban members in private chats");
  checkMayRestrict(call, chat, userId);
  const untilDate = untilDateArg(call.args, call.world.unixTime());
  return change(call, chat, { userId, to: { status: 'kicked', untilDate } });
}

function checkMayRestrict({ world, bot }: Call, chat: Chat, userId: number): void {
  if (!world.findUser(userId)) throw badRequest('user not found');
  if (!chat.hasRight(bot.id, 'can_restrict_members')) {
    throw badRequest('not enough rights to restrict/unrestrict chat member');
  }
  const { status } = chat.membershipOf(userId);
  if (userId === bot.id) throw badRequest("can't restrict self");
  if (status === 'creator') throw badRequest("can't remove chat owner");
  if (status === 'administrator') throw badRequest('user is an administrator of the chat');
}

function change({ world, bot }: Call, chat: Chat, how: Omit<MembershipChange, 'by'>): Answer {
  changeMembership(world, chat, { ...how, by: bot.user });
  return answer(true);
}

function decideJoinRequest(call: Call, verdict: 'approve' | 'decline'): Answer {
  const { world, bot, args } = call;
  const userId = userIdArg(args);
  const chat = chatArg(call, 'write');
  if (chat.type === 'private') throw badRequest("the chat can't have join requests");
  if (!chat.hasRight(bot.id, 'can_invite_users')) {
    throw badRequest('not enough rights to manage chat join requests');
  }
  if (!world.findUser(userId)) throw badRequest('user not found');
  if (!chat.joinRequests.has(userId)) {
    throw badRequest(chat.isMember(userId) ? 'USER_ALREADY_PARTICIPANT' : 'HIDE_REQUESTER_MISSING');
  }
  chat.joinRequests.delete(userId);
  if (verdict === 'decline') return answer(true);
  return change(call, chat, { userId, to: { status: 'member' }, viaJoinRequest: true });
}
