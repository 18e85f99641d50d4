import { describe, expect, test } from 'vitest';
import { triedBot } from './tried-bot.ts';

const USER = { id: 7, is_bot: false, first_name: 'Ann', username: 'ann' };
const press = (data: string, date = 1) => ({
  update_id: 1,
  callback_query: {
    id: '99',
    chat_instance: 'x',
    from: USER,
    data,
    message: { message_id: 10, date, chat: { id: 7, type: 'private' as const, first_name: 'Ann' } },
  },
});
const callback = (fields: object) => [{ callback: fields }];

describe('a callback handler', () => {
  test('changes the message, replies and then answers the press', async () => {
    const bot = triedBot(
      callback({
        prefix: 'buy:',
        edit: { text: 'Bought {args}', buttons: [[{ text: 'Back', callback: 'back' }]] },
        reply: { text: 'Thanks {firstName}' },
        answer: { text: 'Done: {args}', alert: true },
      }),
    );
    expect(await bot.handle(press('buy:tea'))).toBe('handled');
    expect(bot.calls).toEqual([
      {
        method: 'editMessageText',
        chat_id: 7,
        message_id: 10,
        text: 'Bought tea',
        reply_markup: { inline_keyboard: [[{ text: 'Back', callback_data: 'back' }]] },
      },
      { method: 'sendMessage', chat_id: 7, text: 'Thanks Ann' },
      {
        method: 'answerCallbackQuery',
        callback_query_id: '99',
        text: 'Done: tea',
        show_alert: true,
      },
    ]);
  });

  test('fits its data alone, and asks Telegram for presses', async () => {
    const bot = triedBot(callback({ data: 'yes', reply: { text: 'Yes' } }));
    expect(bot.allowedUpdates).toEqual(['callback_query']);
    expect(await bot.handle(press('yes!'))).toBe('unmatched');
    expect(bot.calls).toEqual([]);
    expect(await bot.handle(press('yes'))).toBe('handled');
    expect(bot.calls.map(({ method }) => method)).toEqual(['sendMessage', 'answerCallbackQuery']);
  });

  test('answers the press also where the rest fails', async () => {
    const refuse = ({ method }: { method: string }) =>
      method === 'sendMessage' ? { error_code: 403, description: 'Forbidden: x' } : undefined;
    const bot = triedBot(callback({ data: 'yes', reply: { text: 'Yes' } }), { refuse });
    await expect(bot.handle(press('yes'))).rejects.toMatchObject({ error_code: 403 });
    expect(bot.calls.map(({ method }) => method)).toEqual(['sendMessage', 'answerCallbackQuery']);
  });

  test.each([
    ['editMessageText', 'Bad Request: message is not modified: specified new message content …'],
    ['answerCallbackQuery', 'Bad Request: query is too old and response timeout expired'],
  ])('takes it lightly when %s comes to nothing', async (method, description) => {
    const refuse = (call: { method: string }) =>
      call.method === method ? { error_code: 400, description } : undefined;
    const bot = triedBot(callback({ data: 'yes', edit: { text: 'Yes' } }), { refuse });
    expect(await bot.handle(press('yes'))).toBe('handled');
  });

  test('leaves a message of long ago as it is', async () => {
    const bot = triedBot(callback({ data: 'yes', edit: { text: 'Yes' } }));
    expect(await bot.handle(press('yes', 0))).toBe('handled');
    expect(bot.calls.map(({ method }) => method)).toEqual(['answerCallbackQuery']);
    expect(bot.logLines.join('')).toContain('message not changed');
  });
});
