import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Bot, GrammyError, InlineKeyboard, webhookCallback } from 'grammy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquainted, type TestEmulator, testEmulator } from './support.ts';

function echoBot(test: TestEmulator, token: string): Bot {
  const bot = new Bot(token, { client: { apiRoot: test.emulator.apiRoot } });
  bot.command('start', (context) =>
    context.reply('Shall I?', { reply_markup: new InlineKeyboard().text('Yes', 'yes') }),
  );
  bot.on('message:text', (context) => context.reply(`echo ${context.message.text}`));
  bot.on('callback_query:data', async (context) => {
    await context.answerCallbackQuery('Done');
    await context.editMessageText(`You said ${context.callbackQuery.data}`);
  });
  return bot;
}

describe('grammY as it comes', () => {
  it('polls, answers texts and presses of buttons, and stops with all updates confirmed', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const grammy = echoBot(test, bot.token);
    const running = grammy.start();
    await test.control.waitFor({ kind: 'calls', method: 'sendMessage', text: 'Shall I?' });
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'hi' });
    const echoed = {
      kind: 'calls',
      method: 'sendMessage',
      chat: user.id,
      text: 'echo hi',
    } as const;
    expect((await test.control.waitFor(echoed)).met).toBe(true);
    await test.control.pressButton({ bot: bot.id, from: user.id, messageId: 2, data: 'yes' });
    const edited = { kind: 'calls', method: 'editMessageText', ok: true } as const;
    expect((await test.control.waitFor(edited)).met).toBe(true);
    await grammy.stop();
    await running;
    const texts = (await test.control.messages(user.id, bot.id)).map(({ text }) => text);
    expect(texts).toEqual(['/start', 'You said yes', 'hi', 'echo hi']);
    const fates = (await test.control.updates()).map(({ fate, deliveryCount }) => [
      fate,
      deliveryCount,
    ]);
    expect(fates).toEqual(Array.from({ length: 3 }, () => ['confirmed', 1]));
  });

  it('serves a webhook', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const handle = webhookCallback(echoBot(test, bot.token), 'http', { secretToken: 'secret' });
    const server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await test.api(bot.token, 'setWebhook', { url, secret_token: 'secret' });
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'hi' });
    const echoed = { kind: 'calls', method: 'sendMessage', text: 'echo hi' } as const;
    expect((await test.control.waitFor(echoed)).met).toBe(true);
  });

  it('ends when another poller takes over, and when its token is revoked', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const [first, second] = [echoBot(test, bot.token), echoBot(test, bot.token)];
    const endOfFirst = first.start().catch((error: unknown) => error);
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    const endOfSecond = second.start().catch((error: unknown) => error);
    expect(await endOfFirst).toMatchObject({ error_code: 409 });
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    await test.control.revokeToken(bot.id);
    const end = await endOfSecond;
    expect(end).toBeInstanceOf(GrammyError);
    expect(end).toMatchObject({ error_code: 401, description: 'Unauthorized' });
  });

  it('waits out a 429 on its polls', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.addFault({
      method: 'getUpdates',
      count: 1,
      effect: { kind: 'status', status: 429, retryAfterSeconds: 1 },
    });
    const grammy = echoBot(test, bot.token);
    const running = grammy.start();
    expect((await test.control.waitFor({ kind: 'confirmed', bot: bot.id })).met).toBe(true);
    await grammy.stop();
    await running;
    expect(
      (await test.control.calls({ method: 'getUpdates' })).map(({ outcome }) => outcome?.status),
    ).toEqual(expect.arrayContaining([429, 200]));
  });
});
