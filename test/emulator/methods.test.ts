import { describe, expect, it } from 'vitest';
import { acquainted, testEmulator } from './support.ts';

describe('the methods of the Bot API', () => {
  it('send, edit and delete a message', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const chat = { chat_id: user.id };
    const sent = await test.api(bot.token, 'sendMessage', {
      ...chat,
      text: '\r\n <b>Hi</b> &lt;you&gt;\0',
      parse_mode: 'html',
      reply_parameters: { message_id: 1 },
    });
    expect(sent.body.result).toMatchObject({
      message_id: 2,
      from: { id: bot.id, is_bot: true },
      chat: { id: user.id, type: 'private', first_name: 'Ann' },
      text: 'Hi <you>',
      entities: [{ type: 'bold', offset: 0, length: 2 }],
      reply_to_message: { message_id: 1, text: '/start' },
    });
    const edit = { ...chat, message_id: 2, text: 'Hello' };
    const edited = await test.api(bot.token, 'editMessageText', edit);
    expect(edited.body.result).toMatchObject({ message_id: 2, text: 'Hello' });
    const again = await test.api(bot.token, 'editMessageText', edit);
    expect(again.body.description).toMatch(/^Bad Request: message is not modified: /);
    const deleted = await test.api(bot.token, 'deleteMessage', { ...chat, message_id: 2 });
    expect(deleted.body).toEqual({ ok: true, result: true });
    expect((await test.control.messages(user.id, bot.id)).map(({ text }) => text)).toEqual([
      '/start',
    ]);
  });

  it('send photos and documents by address, by id and as uploads', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const photo = await test.api(bot.token, 'sendPhoto', {
      chat_id: user.id,
      photo: 'https://example.org/a.png',
      caption: 'look',
    });
    expect(photo.body.result).toMatchObject({ photo: [{ width: 640 }], caption: 'look' });
    const form = new FormData();
    form.set('chat_id', String(user.id));
    form.set('document', 'attach://part');
    form.set('part', new Blob(['some text']), 'notes.txt');
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendDocument`;
    const uploaded = await fetch(url, { method: 'POST', body: form });
    expect(await uploaded.json()).toMatchObject({
      ok: true,
      result: { document: { file_name: 'notes.txt' } },
    });
  });

  it('keep what a bot says of itself', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const commands = [{ command: 'start', description: 'Begin' }];
    await test.api(bot.token, 'setMyCommands', { commands });
    await test.api(bot.token, 'setMyName', { name: 'Greeter' });
    await test.api(bot.token, 'setMyDescription', { description: 'It greets.' });
    await test.api(bot.token, 'setMyShortDescription', { short_description: 'Greets' });
    const results: unknown[] = [];
    for (const method of [
      'getMyCommands',
      'getMyName',
      'getMyDescription',
      'getMyShortDescription',
    ]) {
      results.push((await test.api(bot.token, method)).body.result);
    }
    expect(results).toEqual([
      commands,
      { name: 'Greeter' },
      { description: 'It greets.' },
      { short_description: 'Greets' },
    ]);
    expect((await test.api(bot.token, 'getMe')).body.result).toMatchObject({
      first_name: 'Greeter',
      username: 'greeter_bot',
    });
  });

  it('keep what a bot says of itself in each language by itself', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const commands = [{ command: 'start', description: 'Anfangen' }];
    for (const [method, body] of [
      ['setMyName', { name: 'Greeter' }],
      ['setMyName', { name: 'Grüßer', language_code: 'de' }],
      ['setMyCommands', { commands, language_code: 'de' }],
    ] as const) {
      expect((await test.api(bot.token, method, body)).body.result).toBe(true);
    }
    const read = async (method: string, language_code: string): Promise<unknown> =>
      (await test.api(bot.token, method, { language_code })).body.result;
    expect([
      await read('getMyName', 'de'),
      await read('getMyName', 'fr'),
      await read('getMyCommands', 'de'),
      await read('getMyCommands', ''),
    ]).toEqual([{ name: 'Grüßer' }, { name: 'Greeter' }, commands, []]);
    await test.api(bot.token, 'setMyName', { name: '', language_code: 'de' });
    expect(await read('getMyName', 'de')).toEqual({ name: 'Greeter' });
  });

  it('let an administrating bot judge the members of a supergroup, and tell it of changes', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const { id: chat_id } = await test.control.createChat({ type: 'supergroup', title: 'Club' });
    const target = { chat_id, user_id: user.id };
    expect((await test.api(bot.token, 'banChatMember', target)).body.description).toBe(
      'Forbidden: bot is not a member of the supergroup chat',
    );
    await test.control.addMember(chat_id, { user: bot.id });
    expect((await test.api(bot.token, 'banChatMember', target)).body.description).toBe(
      'Bad Request: not enough rights to restrict/unrestrict chat member',
    );
    await test.control.addMember(chat_id, { user: bot.id, status: 'administrator' });
    expect((await test.api(bot.token, 'approveChatJoinRequest', target)).body.description).toBe(
      'Bad Request: HIDE_REQUESTER_MISSING',
    );
    await test.control.requestToJoin({ chat: chat_id, from: user.id });
    for (const [method, extra, status] of [
      ['approveChatJoinRequest', {}, 'member'],
      ['restrictChatMember', { permissions: {} }, 'restricted'],
      ['banChatMember', {}, 'kicked'],
    ] as const) {
      expect((await test.api(bot.token, method, { ...target, ...extra })).body.result).toBe(true);
      const member = await test.api(bot.token, 'getChatMember', target);
      expect(member.body.result).toMatchObject({ user: { id: user.id }, status });
    }
    expect((await test.api(bot.token, 'getChatMemberCount', { chat_id })).body.result).toBe(1);
    const kinds = (await test.control.updates({ bot: bot.id })).map(({ kind }) => kind);
    expect(kinds.join(' ')).toBe(
      'message my_chat_member message my_chat_member chat_join_request message message',
    );
  });

  it('free a member who may send everything again, whatever the short form', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const { id: chat_id } = await test.control.createChat({ type: 'supergroup', title: 'Club' });
    await test.control.addMember(chat_id, { user: bot.id, status: 'administrator' });
    await test.control.addMember(chat_id, { user: user.id });
    const views: unknown[] = [];
    for (const permissions of [
      { can_send_messages: true },
      { can_send_messages: true, can_send_polls: true, can_add_web_page_previews: true },
      {
        can_send_polls: true,
        can_send_other_messages: true,
        can_add_web_page_previews: true,
        can_react_to_messages: true,
      },
    ]) {
      const target = { chat_id, user_id: user.id };
      await test.api(bot.token, 'restrictChatMember', { ...target, permissions });
      const { result } = (await test.api(bot.token, 'getChatMember', target)).body;
      views.push([result.status, result.can_send_photos, result.can_react_to_messages]);
    }
    expect(views).toEqual([
      ['restricted', false, true],
      ['restricted', true, true],
      ['member', undefined, undefined],
    ]);
  });

  it('give an administrating bot the changes of members once it has asked for them', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const chat = await test.control.createChat({ type: 'group', title: 'Club' });
    await test.control.addMember(chat.id, { user: bot.id, status: 'administrator' });
    await test.api(bot.token, 'getUpdates', { offset: -1, allowed_updates: ['chat_member'] });
    await test.control.addMember(chat.id, { user: user.id });
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'not asked for' });
    const { body } = await test.api(bot.token, 'getUpdates', { offset: -1 });
    expect(body.result).toMatchObject([
      {
        chat_member: { old_chat_member: { status: 'left' }, new_chat_member: { status: 'member' } },
      },
    ]);
  });

  it('answer 403 once the user has blocked the bot, until it is unblocked', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const message = { chat_id: user.id, text: 'hi' };
    await test.control.blockBot({ bot: bot.id, from: user.id });
    expect(await test.api(bot.token, 'sendMessage', message)).toMatchObject({
      status: 403,
      body: { description: 'Forbidden: bot was blocked by the user' },
    });
    await test.control.blockBot({ bot: bot.id, from: user.id, blocked: false });
    expect((await test.api(bot.token, 'sendMessage', message)).status).toBe(200);
  });

  it('answer a press of a button once it has been made, for 150 s', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const press = { bot: bot.id, from: user.id, messageId: 1, data: 'yes' };
    const { callbackQueryId: callback_query_id } = await test.control.pressButton(press);
    const answered = await test.api(bot.token, 'answerCallbackQuery', { callback_query_id });
    expect(answered.body.result).toBe(true);
    await test.control.advanceClock(150_001);
    const late = await test.api(bot.token, 'answerCallbackQuery', { callback_query_id });
    expect(late.body.description).toMatch(/^Bad Request: query is too old/);
  });

  it('show the buttons of a message, which users press by their texts', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const rows = [
      [{ text: 'Join', url: 'https://t.me/club' }],
      [
        { text: 'I have joined', callback_data: 'check' },
        { text: 'No', callback_data: 'no' },
      ],
    ];
    const prompt = {
      chat_id: user.id,
      text: 'Join first',
      reply_markup: { inline_keyboard: rows },
    };
    const messageId = Number(
      (await test.api(bot.token, 'sendMessage', prompt)).body.result.message_id,
    );
    const shown = await test.control.messages(user.id, bot.id);
    expect(shown.at(-1)?.reply_markup).toEqual({ inline_keyboard: rows });
    const press = { bot: bot.id, from: user.id, messageId };
    await test.control.pressButton(press);
    await test.control.pressButton({ ...press, button: 'No' });
    const { body } = await test.api(bot.token, 'getUpdates', { offset: -2 });
    expect(body.result).toMatchObject([
      { callback_query: { data: 'check', from: { id: user.id }, message: { text: 'Join first' } } },
      { callback_query: { data: 'no' } },
    ]);
    await expect(test.control.pressButton({ ...press, button: 'Join' })).rejects.toThrow(
      'has no such button with data; it has "I have joined", "No"',
    );
  });

  it('give a deep link as a command with its payload', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    await test.control.sendText({ bot: bot.id, from: user.id, text: '/start gate_-100123' });
    const { body } = await test.api(bot.token, 'getUpdates', { offset: -1 });
    expect(body.result[0].message).toMatchObject({
      text: '/start gate_-100123',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    });
  });

  it('leave messages alone that are older than two days', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const chat = { chat_id: user.id };
    await test.api(bot.token, 'sendMessage', { ...chat, text: 'hi' });
    await test.control.advanceClock(48 * 3_600_000 + 1_000);
    const late = await test.api(bot.token, 'deleteMessage', { ...chat, message_id: 2 });
    expect(late.body.description).toBe("Bad Request: message can't be deleted for everyone");
  });

  it('keep a bot out for ten minutes after logOut, and refuse close in the first ten', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.api(bot.token, 'getMe');
    const close = await test.api(bot.token, 'close');
    expect([close.status, close.body.parameters?.retry_after]).toEqual([429, 600]);
    await test.control.advanceClock(600_000);
    expect((await test.api(bot.token, 'close')).body.result).toBe(true);
    await test.api(bot.token, 'logOut');
    expect((await test.api(bot.token, 'getMe')).body.description).toBe('Logged out');
    await test.control.advanceClock(600_000);
    expect((await test.api(bot.token, 'getMe')).status).toBe(200);
  });

  it('show a group only what is meant for the bot, unless it may read all', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const curious = await test.control.createBot({
      username: 'curious_bot',
      readsAllGroupMessages: true,
    });
    const { id: chat } = await test.control.createChat({ type: 'group', title: 'Club' });
    for (const { id } of [bot, curious, user]) await test.control.addMember(chat, { user: id });
    const before = (await test.control.updates({ bot: curious.id })).length;
    const heard: unknown[] = [];
    for (const text of ['hello', '/help', '/help@curious_bot', 'hey @greeter_bot']) {
      const own = await test.control.sendText({ bot: bot.id, from: user.id, chat, text });
      const count = (await test.control.updates({ bot: curious.id })).length;
      heard.push([text, own.updateId !== null, count]);
    }
    expect(heard).toEqual([
      ['hello', false, before + 1],
      ['/help', true, before + 2],
      ['/help@curious_bot', false, before + 3],
      ['hey @greeter_bot', true, before + 4],
    ]);
    await test.control.addMember(chat, { user: user.id, status: 'restricted' });
    const muted = test.control.sendText({ from: user.id, chat, text: 'hello?' });
    await expect(muted).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await test.control.addMember(chat, { user: user.id });
    const sent = await test.api(bot.token, 'sendMessage', { chat_id: chat, text: 'yes?' });
    const replyTo = sent.body.result.message_id as number;
    const reply = { bot: bot.id, from: user.id, chat, text: 'thanks', replyTo };
    expect((await test.control.sendText(reply)).updateId).not.toBeNull();
  });
});
