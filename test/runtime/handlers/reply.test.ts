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
