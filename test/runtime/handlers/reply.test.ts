import { describe, expect, test } from 'vitest';
import { message, triedBot } from './tried-bot.ts';

const onHi = (reply: object) => [{ text: { exact: 'hi', reply } }];

describe('a reply', () => {
  test.each(['HTML', 'MarkdownV2'])('is sent with its parse mode: %s', async (parseMode) => {
    const bot = triedBot(onHi({ text: 'Hello', parseMode }));
    await bot.handle(message({ text: 'hi' }));
    expect(bot.calls).toEqual([
      { method: 'sendMessage', chat_id: 7, text: 'Hello', parse_mode: parseMode },
    ]);
  });

  test('has buttons', async () => {
    const buttons = [
      [{ text: 'Hours', callback: 'hours' }],
      [{ text: 'Site', url: 'https://x.example' }],
    ];
    const bot = triedBot(onHi({ text: 'Hello', buttons }));
    await bot.handle(message({ text: 'hi' }));
    const inline_keyboard = [
      [{ text: 'Hours', callback_data: 'hours' }],
      [{ text: 'Site', url: 'https://x.example' }],
    ];
    expect(bot.calls).toMatchObject([{ method: 'sendMessage', reply_markup: { inline_keyboard } }]);
  });

  test.each([
    [
      'sendPhoto',
      { photo: 'https://x.example/cat.png', text: '<b>{firstName}</b>', parseMode: 'HTML' },
      { photo: 'https://x.example/cat.png', caption: '<b>Ann</b>', parse_mode: 'HTML' },
    ],
    ['sendDocument', { document: 'BQACAgIAAxkBAAIB' }, { document: 'BQACAgIAAxkBAAIB' }],
    ['sendPhoto', { photo: 'AgACAgIAAxkB', text: '{args}' }, { photo: 'AgACAgIAAxkB' }],
  ])('is a file: %s', async (method, reply, sent) => {
    const bot = triedBot(onHi(reply));
    await bot.handle(message({ text: 'hi' }));
    expect(bot.calls).toEqual([{ method, chat_id: 7, ...sent }]);
  });

  test('cuts what is put below a file at the limit of a caption', async () => {
    const handler = { command: { name: 'x', reply: { photo: 'AgACAgIAAxkB', text: '{args}' } } };
    const bot = triedBot([handler]);
    await bot.handle(message({ text: `/x ${'a'.repeat(3_000)}` }));
    expect(String(bot.calls[0]?.['caption']).length).toBe(1_024);
  });

  test('names user and bot', async () => {
    const bot = triedBot(onHi({ text: '{firstName} @{username} {botName}' }));
    await bot.handle(message({ text: 'hi' }));
    expect(bot.calls).toMatchObject([{ text: 'Ann @ann Greeter Bot' }]);
  });

  test('does without a user name, and without a user', async () => {
    const bot = triedBot(onHi({ text: 'Hello {firstName}{username}!' }));
    await bot.handle(message({ text: 'hi', from: { id: 7, first_name: 'Bo' } }));
    await bot.handle(message({ text: 'hi', from: undefined }));
    expect(bot.calls).toMatchObject([{ text: 'Hello Bo!' }, { text: 'Hello !' }]);
  });

  test('in which nothing is left to read is logged and not sent', async () => {
    const bot = triedBot([{ command: { name: 'echo', reply: { text: ' {args}\n' } } }]);
    expect(await bot.handle(message({ text: '/echo' }))).toBe('handled');
    expect(bot.calls).toEqual([]);
    expect(bot.logLines.join('')).toContain('reply not sent');
  });

  test('that Telegram refuses is an error of the handler', async () => {
    const refuse = () => ({ error_code: 403, description: 'Forbidden: bot was blocked' });
    const bot = triedBot(onHi({ text: 'Hello' }), { refuse });
    await expect(bot.handle(message({ text: 'hi' }))).rejects.toMatchObject({ error_code: 403 });
  });
});
