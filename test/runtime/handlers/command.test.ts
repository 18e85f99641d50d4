import type { MessageEntity } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../../src/runtime/handlers/command.ts';
import { message, triedBot } from './tried-bot.ts';

const marked = (length: number, offset = 0): MessageEntity[] => [
  { type: 'bot_command', offset, length },
];

describe('a command', () => {
  test.each([
    ['/start', { name: 'start', bot: undefined, args: '' }],
    ['/Start', { name: 'Start', bot: undefined, args: '' }],
    ['/start@Some_Bot', { name: 'start', bot: 'Some_Bot', args: '' }],
    ['/start a  b ', { name: 'start', bot: undefined, args: 'a  b' }],
    ['/start\na\nb', { name: 'start', bot: undefined, args: 'a\nb' }],
    ['/start@Some_Bot\t 1', { name: 'start', bot: 'Some_Bot', args: '1' }],
    ['/start, now', { name: 'start', bot: undefined, args: ', now' }],
    ['/start\0x', { name: 'start', bot: undefined, args: '\0x' }],
    ['/2fast_4you', { name: '2fast_4you', bot: undefined, args: '' }],
  ])('is found at the start of %j without a mark', (text, expected) => {
    expect(parseCommand({ text, entities: [] })).toEqual(expected);
  });

  test.each([
    '',
    '/',
    'start',
    ' /start',
    'say /start',
    '//start',
    '/start/now',
    '/start@',
    '/start@x',
    '/старт',
    '/start<b>',
    `/${'a'.repeat(65)}`,
  ])('is not found in %j', (text) => {
    expect(parseCommand({ text, entities: [] })).toBeUndefined();
  });

  test('ends where Telegram marks its end', () => {
    const text = '/start@Some_Botanist';
    expect(parseCommand({ text, entities: marked(6) })).toEqual({
      name: 'start',
      bot: undefined,
      args: '@Some_Botanist',
    });
  });

  test('marked further back does not count', () => {
    expect(parseCommand({ text: 'say /start', entities: marked(6, 4) })).toBeUndefined();
  });
});

describe('a command handler', () => {
  const greeter = [{ command: { name: 'Start', reply: { text: 'Hello {args}' } } }];

  test.each(['/start you', '/START you', '/sTaRt@greeter_bot you', '/start@GREETER_BOT   you'])(
    'answers %j, whatever the case',
    async (text) => {
      const bot = triedBot(greeter);
      expect(await bot.handle(message({ text }))).toBe('handled');
      expect(bot.calls).toEqual([{ method: 'sendMessage', chat_id: 7, text: 'Hello you' }]);
    },
  );

  test.each(['/start@other_bot', '/starts', '/star', 'start'])(
    'does not answer %j',
    async (text) => {
      const bot = triedBot(greeter);
      expect(await bot.handle(message({ text }))).toBe('unmatched');
      expect(bot.calls).toEqual([]);
    },
  );

  test('answers a caption', async () => {
    const bot = triedBot(greeter);
    await bot.handle(message({ caption: '/start pic', caption_entities: marked(6) }));
    expect(bot.calls).toMatchObject([{ text: 'Hello pic' }]);
  });

  test('does not answer an edit', async () => {
    const bot = triedBot(greeter);
    const edit = { update_id: 1, edited_message: message({ text: '/start' }).message };
    expect(await bot.handle(edit as never)).toBe('unmatched');
  });

  test('answers in the topic that it was asked in', async () => {
    const bot = triedBot(greeter);
    const chat = { id: -100, type: 'supergroup', title: 'Forum', is_forum: true };
    await bot.handle(
      message({ text: '/start', chat, message_thread_id: 5, is_topic_message: true }),
    );
    expect(bot.calls).toMatchObject([{ chat_id: -100, message_thread_id: 5 }]);
  });
});
