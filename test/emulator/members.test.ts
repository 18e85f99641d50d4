import { describe, expect, it } from 'vitest';
import { acquainted, type TestEmulator, testEmulator } from './support.ts';

interface Club {
  readonly test: TestEmulator;
  readonly bot: { readonly id: number; readonly token: string };
  readonly userId: number;
  readonly chatId: number;
  /** What a call about the user in the chat came to: its result, or the error's text. */
  readonly ask: (method: string, extra?: object) => Promise<unknown>;
}

/** A chat, and a bot and a user who have met elsewhere. */
async function club(
  type: 'group' | 'supergroup' | 'channel' = 'supergroup',
  username?: string,
): Promise<Club> {
  const test = await testEmulator();
  const { bot, user } = await acquainted(test);
  const chat = await test.control.createChat({ type, title: 'Club', username });
  const target = { chat_id: chat.id, user_id: user.id };
  return {
    test,
    bot,
    userId: user.id,
    chatId: chat.id,
    async ask(method, extra = {}) {
      const { body } = await test.api(bot.token, method, { ...target, ...extra });
      return body.result ?? body.description;
    },
  };
}

async function join({ test, bot, chatId }: Club, rights?: Record<string, boolean>): Promise<void> {
  await test.control.addMember(chatId, { user: bot.id, status: 'administrator', rights });
}

describe('getChatMember', () => {
  it.each([
    ['group', undefined, 'Forbidden: bot is not a member of the group chat'],
    ['supergroup', undefined, 'Forbidden: bot is not a member of the supergroup chat'],
    ['channel', undefined, 'Forbidden: bot is not a member of the channel chat'],
    ['supergroup', 'open_club', 'Bad Request: member list is inaccessible'],
    ['channel', 'open_news', 'Bad Request: member list is inaccessible'],
  ] as const)('of a %s (%s) without the bot is refused', async (type, username, words) => {
    const { ask } = await club(type, username);
    expect(await ask('getChatMember')).toBe(words);
  });

  it('of a channel is for administrators only', async () => {
    const inside = await club('channel');
    await inside.test.control.addMember(inside.chatId, { user: inside.bot.id });
    expect(await inside.ask('getChatMember')).toBe('Bad Request: member list is inaccessible');
    await join(inside);
    expect(await inside.ask('getChatMember')).toMatchObject({ status: 'left' });
    expect(await inside.ask('getChatMember', { user_id: 5 })).toBe('Bad Request: user not found');
    expect(await inside.ask('getChatMember', { chat_id: -1 })).toBe('Bad Request: chat not found');
  });

  it('tells of the bot itself, with its rights', async () => {
    const own = await club();
    await join(own, { can_restrict_members: false });
    expect(await own.ask('getChatMember', { user_id: own.bot.id })).toMatchObject({
      status: 'administrator',
      can_restrict_members: false,
      can_delete_messages: true,
    });
  });
});

describe('a restriction', () => {
  const permissions = { can_send_messages: false };

  it('runs out by itself, for members and for those who have left', async () => {
    const { test, userId, chatId, ask, ...others } = await club();
    await join({ test, userId, chatId, ask, ...others });
    const until = async (seconds: number): Promise<number> => (await nowSeconds(test)) + seconds;
    await test.control.addMember(chatId, { user: userId });
    const until_date = await until(60);
    await ask('restrictChatMember', { permissions, until_date });
    expect(await ask('getChatMember')).toMatchObject({ status: 'restricted', until_date });
    await expect(
      test.control.sendText({ from: userId, chat: chatId, text: 'hello?' }),
    ).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await test.control.advanceClock(61_000);
    expect(await ask('getChatMember')).toMatchObject({ status: 'member' });
    await test.control.sendText({ from: userId, chat: chatId, text: 'hello!' });
    await ask('banChatMember', { until_date: await until(3_600) });
    expect(await ask('getChatMember')).toMatchObject({ status: 'kicked' });
    await test.control.advanceClock(3_601_000);
    expect(await ask('getChatMember')).toMatchObject({ status: 'left' });
  });

  it.each([-5, 0, 29, 367 * 86_400])('that ends in %i s never ends', async (seconds) => {
    const own = await club();
    await join(own);
    await own.test.control.addMember(own.chatId, { user: own.userId });
    const until_date = (await nowSeconds(own.test)) + seconds;
    await own.ask('restrictChatMember', { permissions, until_date });
    await own.test.control.advanceClock(400 * 86_400_000);
    expect(await own.ask('getChatMember')).toMatchObject({ status: 'restricted', until_date: 0 });
  });

  it('stays with who leaves and comes back', async () => {
    const own = await club();
    await join(own);
    const { test, chatId, userId } = own;
    await test.control.addMember(chatId, { user: userId });
    await own.ask('restrictChatMember', { permissions });
    await test.control.addMember(chatId, { user: userId, status: 'left' });
    expect(await own.ask('getChatMember')).toMatchObject({
      status: 'restricted',
      is_member: false,
    });
    await test.control.addMember(chatId, { user: userId });
    expect(await own.ask('getChatMember')).toMatchObject({ status: 'restricted', is_member: true });
  });

  it('needs the right to restrict', async () => {
    const own = await club();
    await join(own, { can_restrict_members: false, can_invite_users: false });
    const words = 'Bad Request: not enough rights to restrict/unrestrict chat member';
    expect(await own.ask('restrictChatMember', { permissions })).toBe(words);
    expect(await own.ask('banChatMember')).toBe(words);
    expect(await own.ask('approveChatJoinRequest')).toBe(
      'Bad Request: not enough rights to manage chat join requests',
    );
  });
});

describe('a bot without a right', () => {
  it("can't post to a channel, delete others' messages or send what it may not", async () => {
    const channel = await club('channel');
    await join(channel, { can_post_messages: false });
    expect(await channel.ask('sendMessage', { text: 'news' })).toBe(
      'Bad Request: need administrator rights in the channel chat',
    );
    const group = await club();
    await join(group, { can_delete_messages: false });
    const { test, chatId, userId, bot } = group;
    await test.control.addMember(chatId, { user: userId });
    const { messageId } = await test.control.sendText({ from: userId, chat: chatId, text: 'hi' });
    expect(await group.ask('deleteMessage', { message_id: messageId })).toBe(
      "Bad Request: message can't be deleted",
    );
    await test.control.addMember(chatId, { user: bot.id, status: 'restricted' });
    const photo = 'https://example.org/a.png';
    expect([
      await group.ask('sendMessage', { text: 'hi' }),
      await group.ask('sendPhoto', { photo }),
      await group.ask('sendDocument', { document: photo }),
    ]).toEqual([
      'Bad Request: not enough rights to send text messages to the chat',
      'Bad Request: not enough rights to send photos to the chat',
      'Bad Request: not enough rights to send documents to the chat',
    ]);
  });
});

describe('a join request', () => {
  it('reaches the administrating bot, which lets the user in or does not', async () => {
    const own = await club();
    await join(own);
    const { test, bot, chatId, userId } = own;
    const allowed_updates = ['chat_join_request', 'chat_member'];
    await test.api(bot.token, 'getUpdates', { offset: -1, allowed_updates });
    await test.control.requestToJoin({ chat: chatId, from: userId });
    expect(await own.ask('declineChatJoinRequest')).toBe(true);
    expect(await own.ask('getChatMember')).toMatchObject({ status: 'left' });
    await test.control.requestToJoin({ chat: chatId, from: userId });
    expect(await own.ask('approveChatJoinRequest')).toBe(true);
    expect(await own.ask('approveChatJoinRequest')).toBe('Bad Request: USER_ALREADY_PARTICIPANT');
    const { body } = await test.api(bot.token, 'getUpdates', { offset: -3 });
    expect(body.result).toMatchObject([
      { chat_join_request: { from: { id: userId } } },
      { chat_join_request: { user_chat_id: userId } },
      { chat_member: { new_chat_member: { status: 'member' }, via_join_request: true } },
    ]);
  });
});

describe('a group that becomes a supergroup', () => {
  it('refuses calls to its old id with the new one, and says so in both', async () => {
    const group = await club('group');
    const { test, bot, chatId } = group;
    await test.control.addMember(chatId, { user: bot.id });
    const { id } = await test.control.upgradeChat(chatId);
    const refused = await test.api(bot.token, 'sendMessage', { chat_id: chatId, text: 'hi' });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        description: 'Bad Request: group chat was upgraded to a supergroup chat',
        parameters: { migrate_to_chat_id: id },
      },
    });
    expect(await group.ask('sendMessage', { chat_id: id, text: 'hi' })).toMatchObject({
      chat: { id, type: 'supergroup', title: 'Club' },
    });
    const { body } = await test.api(bot.token, 'getUpdates', { offset: -2 });
    expect(body.result).toMatchObject([
      { message: { chat: { id: chatId }, migrate_to_chat_id: id } },
      { message: { chat: { id }, migrate_from_chat_id: chatId } },
    ]);
    await expect(test.control.upgradeChat(id)).rejects.toMatchObject({ code: 'NOT_A_GROUP' });
  });
});

async function nowSeconds({ emulator }: TestEmulator): Promise<number> {
  const { nowMs } = (await (await fetch(`${emulator.controlUrl}/clock`)).json()) as {
    nowMs: number;
  };
  return Math.floor(nowMs / 1_000);
}
