import type { Update } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import { tenantBotSpecSchema } from '../../../src/api/tenant-bot.ts';
import { DEFAULT_UPDATE_KINDS } from '../../../src/lib/update-kinds.ts';
import { compileHandlers, type HandlerDeps } from '../../../src/runtime/handlers/compile.ts';
import { message, triedBot } from './tried-bot.ts';

const reply = (text: string) => ({ reply: { text } });
const forward = (fields: object = {}) => ({
  forward: { url: 'http://127.0.0.1:1/', signingSecretRef: { name: 'key' }, ...fields },
});

describe('the handlers of a bot', () => {
  test('are asked in their order, and the first that fits answers', async () => {
    const bot = triedBot([
      { command: { name: 'start', ...reply('command') } },
      { text: { prefix: '/st', ...reply('prefix') } },
      { text: { pattern: '.', ...reply('any') } },
    ]);
    for (const text of ['/start', '/stop', 'else']) await bot.handle(message({ text }));
    expect(bot.calls.map((call) => call['text'])).toEqual(['command', 'prefix', 'any']);
  });

  test.each([{}, { novelty: { text: '/start' } }, { message: null }])(
    'leave an update without a known field unmatched: %j',
    async (fields) => {
      const bot = triedBot([{ text: { pattern: '.*', ...reply('any') } }, forward()]);
      expect(await bot.handle({ update_id: 1, ...fields } as Update)).toBe('unmatched');
    },
  );

  test('leave a message unmatched whose text is no text', async () => {
    const bot = triedBot([{ text: { pattern: '.*', ...reply('any') } }]);
    expect(await bot.handle(message({ text: 5 as never }))).toBe('unmatched');
  });

  test('hand an update only to a forward that lists its kind', async () => {
    const bot = triedBot([forward({ updates: ['poll'] })]);
    expect(await bot.handle(message({ text: 'hi' }))).toBe('unmatched');
  });

  test('need messages for commands and text', () => {
    const bot = triedBot([{ command: { name: 'start', ...reply('x') } }]);
    expect(bot.allowedUpdates).toEqual(['message']);
  });

  test('need what forwards list besides, each kind once and in a fixed order', () => {
    const bot = triedBot([
      forward({ updates: ['poll', 'callback_query'] }),
      { text: { exact: 'x', ...reply('x') } },
      forward({ updates: ['poll', 'chat_member'] }),
    ]);
    expect(bot.allowedUpdates).toEqual(['message', 'callback_query', 'poll', 'chat_member']);
  });

  test('need what Telegram sends by default where a forward lists nothing', () => {
    expect(triedBot([forward()]).allowedUpdates).toEqual(DEFAULT_UPDATE_KINDS);
  });

  test('are refused where the address of a forward is none', () => {
    expect(() => triedBot([forward({ url: 'http://[:99999/' })])).toThrow(
      /spec\.handlers\[0\]\.forward\.url: .* is no address/,
    );
  });

  test('are refused where the key of a forward is missing, naming its Secret', () => {
    const spec = tenantBotSpecSchema.parse({
      tokenSecretRef: { name: 'token' },
      handlers: [{ text: { exact: 'x', ...reply('x') } }, forward()],
    });
    const input = { spec, key: 'team-a/greeter', signingKeys: new Map() } as const;
    expect(() => compileHandlers(input, {} as HandlerDeps)).toThrow(
      /spec\.handlers\[1\]\.forward: .*Secret "key" under "signingKey"/,
    );
  });
});
