import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { createHttpPost } from '../../../src/runtime/transport/http-post.ts';
import { TelegramTransport } from '../../../src/runtime/transport/telegram-transport.ts';
import { startForwardService } from '../../support/forward-service.ts';

const bot = new AsyncLocalStorage<string>();

/** The machine's clock, noting in whose name timers are set and fire. */
function notingClock() {
  const names: (string | undefined)[] = [];
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, callback) {
      names.push(bot.getStore());
      return systemClock.setTimer(delayMs, callback);
    },
  };
  return { clock, names };
}

test('what all bots share does nothing in the name of the bot that happens to use it', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const { clock, names } = notingClock();
  const settings = { apiRoot: emulator.apiRoot, http2: false };
  const transport = new TelegramTransport(settings, clock);
  onTestFinished(() => transport.close());
  await bot.run('a', async () => {
    const request = {
      path: '/bot1:x/getMe',
      method: 'POST',
      headers: {},
      timeoutMs: 5_000,
    } as const;
    await transport.send(request);
    await transport.poll(request);
    expect(bot.getStore()).toBe('a');
  });

  await using service = await startForwardService((_path, _update, respond) => respond(200));
  const posts = createHttpPost(clock);
  onTestFinished(() => posts.close());
  await bot.run('a', () =>
    posts.post({
      url: service.url,
      headers: {},
      body: '{"update_id":1}',
      timeoutMs: 5_000,
      maxBytes: 1_000,
      signal: new AbortController().signal,
    }),
  );
  expect(names.length).toBeGreaterThanOrEqual(3);
  expect(new Set(names)).toEqual(new Set([undefined]));
});
