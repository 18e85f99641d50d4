import { describe, expect, test } from 'vitest';
import { triedBot } from './tried-bot.ts';

const request = {
  update_id: 1,
  chat_join_request: {
    chat: { id: -100_5, type: 'supergroup' as const, title: 'Tea', username: 'tea_lovers' },
    from: { id: 7, is_bot: false, first_name: 'Ann' },
    user_chat_id: 70,
    date: 1,
  },
};
const joinRequest = (fields: object) => [{ joinRequest: fields }];

describe('a join request', () => {
  test('is greeted in private and approved', async () => {
    const bot = triedBot(joinRequest({ reply: { text: 'Welcome {firstName}' } }));
    expect(bot.allowedUpdates).toEqual(['chat_join_request']);
    expect(await bot.handle(request)).toBe('handled');
    expect(bot.calls).toEqual([
      { method: 'sendMessage', chat_id: 70, text: 'Welcome Ann' },
      { method: 'approveChatJoinRequest', chat_id: -1005, user_id: 7 },
    ]);
  });

  test.each([
    ['Decline', ['declineChatJoinRequest']],
    ['Leave', []],
  ])('is left or refused: %s', async (decision, methods) => {
    const bot = triedBot(joinRequest({ decision }));
    expect(await bot.handle(request)).toBe('handled');
    expect(bot.calls.map(({ method }) => method)).toEqual(methods);
  });

  test.each([
    ['-1005', 'handled'],
    ['@Tea_Lovers', 'handled'],
    ['-1006', 'unmatched'],
    ['@coffee', 'unmatched'],
  ])('belongs to a handler for the chat %s: %s', async (chat, outcome) => {
    const bot = triedBot(joinRequest({ chat }));
    expect(await bot.handle(request)).toBe(outcome);
  });
});
