import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chats, chatKeyOf, isMessage } from '../../../../src/runtime/pipeline/rates/chats.ts';

/** Telegram's limits, counted from all messages that a chat ever got. */
function mayPass(chat: number, passed: readonly number[], nowMs: number): boolean {
  if (chat < 0) return passed.filter((atMs) => atMs > nowMs - 61_000).length < 20;
  return passed.every((atMs, index) => passed.length - index + 1 <= 3 + (nowMs - atMs) / 1_000);
}

test('each chat gets what it may, and never more, though idle chats are forgotten', () => {
  const messages = fc.array(
    fc.record({ chat: fc.integer({ min: -3, max: 3 }), afterMs: fc.nat({ max: 2_500 }) }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(messages, (script) => {
      const chats = new Chats();
      const passed = new Map<number, number[]>();
      let nowMs = 0;
      for (const { chat, afterMs } of script) {
        nowMs += afterMs;
        const known = passed.get(chat) ?? [];
        passed.set(chat, known);
        const may = mayPass(chat, known, nowMs);
        const used = chats.use(chat, nowMs);
        expect(used.limitedMs(nowMs, 0) <= nowMs).toBe(may);
        if (!may) continue;
        used.add(nowMs);
        known.push(nowMs);
      }
    }),
  );
});

test('a pause outlives everything but its end', () => {
  const chats = new Chats();
  chats.use(1, 0).pause = { untilMs: 10_000, sinceWallMs: 0, untilWallMs: 10_000 };
  for (let nowMs = 0; nowMs < 9_000; nowMs++) chats.use(nowMs + 2, nowMs);
  expect(chats.use(1, 9_999).callMs(9_999)).toBe(10_000);
  expect(chats.use(1, 10_000).callMs(10_000)).toBe(10_000);
});

test('a million chats take the memory of two thousand at most', () => {
  const chats = new Chats();
  for (let chat = 1; chat <= 10_000; chat++) chats.use(chat, 0).add(0);
  expect(chats.size).toBe(2_000);
  chats.tidy(5_000);
  expect(chats.size).toBe(0);
});

describe('what a call is about', () => {
  test.each<[string, object, number | string]>([
    ['sendMessage', { chat_id: 5 }, 5],
    ['sendMessage', { chat_id: '5' }, 5],
    ['sendMessage', { chat_id: -100_123 }, -100_123],
    ['sendMessage', { chat_id: '@News' }, '@@news'],
    ['setMyName', { name: 'a' }, 'setMyName'],
    ['sendMessage', { chat_id: '' }, 'sendMessage'],
    ['sendMessage', { chat_id: null }, 'sendMessage'],
    ['sendMessage', { chat_id: {} }, 'sendMessage'],
    ['sendMessage', { chat_id: 1.5 }, 'sendMessage'],
    ['sendMessage', { chat_id: Number.NaN }, 'sendMessage'],
    ['x'.repeat(500), {}, 'x'.repeat(65)],
  ])('%s %j is about %s', (method, payload, key) => {
    expect(chatKeyOf(method, payload)).toBe(key);
  });

  test.each([
    ['sendMessage', true],
    ['sendPhoto', true],
    ['forwardMessage', true],
    ['copyMessages', true],
    ['sendChatAction', false],
    ['editMessageText', false],
    ['answerCallbackQuery', false],
    ['getChat', false],
  ])('%s counts as a message: %s', (method, counts) => {
    expect(isMessage(method)).toBe(counts);
  });
});
