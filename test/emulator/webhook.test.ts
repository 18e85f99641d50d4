import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificates } from '../../src/emulator/tls.ts';
import { waitFor } from '../support/wait.ts';
import { acquainted, testEmulator } from './support.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly update: {
    readonly update_id: number;
    readonly message: { text: string; chat: { id: number } };
  };
}

/** What an endpoint answers: a status, and perhaps a body and headers. */
interface EndpointAnswer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** A bot's endpoint; `answer` may be changed as the test goes on. */
interface Endpoint {
  readonly url: string;
  readonly received: Received[];
  readonly texts: () => string[];
  answer: (received: Received) => EndpointAnswer | Promise<EndpointAnswer>;
}

async function endpoint(server: Server = createServer(), scheme = 'http'): Promise<Endpoint> {
  const received: Received[] = [];
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const update = JSON.parse(Buffer.concat(chunks).toString()) as Received['update'];
      const got = { headers: request.headers, update };
      received.push(got);
      void (async () => {
        const { status, body, headers } = await made.answer(got);
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(body === undefined ? '' : JSON.stringify(body));
      })();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const made: Endpoint = {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    texts: () => received.map(({ update }) => update.message.text),
    answer: () => ({ status: 200 }),
  };
  return made;
}

describe('webhooks', () => {
  it('deliver updates with the secret, and confirm what is answered with 2xx', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const { bot } = await acquainted(test);
    const set = await test.api(bot.token, 'setWebhook', {
      url: hook.url,
      secret_token: 'open-sesame',
    });
    expect(set.body).toEqual({ ok: true, result: true, description: 'Webhook was set' });
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    expect(hook.texts()).toEqual(['/start']);
    expect(hook.received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-telegram-bot-api-secret-token': 'open-sesame',
    });
    expect(await test.control.updates()).toMatchObject([
      { fate: 'confirmed', deliveries: [{ via: 'webhook', outcome: '200' }] },
    ]);
    expect((await test.api(bot.token, 'getWebhookInfo')).body.result).toEqual({
      url: hook.url,
      has_custom_certificate: false,
      pending_update_count: 0,
      max_connections: 40,
      ip_address: '127.0.0.1',
    });
  });

  it('keep the order within a chat while other chats go on', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const { bot, user } = await acquainted(test);
    await test.api(bot.token, 'setWebhook', { url: hook.url, drop_pending_updates: true });
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'warm-up' });
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    const slow = Promise.withResolvers<void>();
    hook.answer = async ({ update }) => {
      if (update.message.text === 'ann 1') await slow.promise;
      return { status: 200 };
    };
    const bob = await test.control.createUser({ firstName: 'Bob' });
    for (const number of [1, 2, 3]) {
      await test.control.sendText({ bot: bot.id, from: user.id, text: `ann ${number}` });
      await test.control.sendText({ bot: bot.id, from: bob.id, text: `bob ${number}` });
    }
    await waitFor("Bob's messages", () => hook.texts().includes('bob 3'));
    expect(hook.texts().filter((text) => text.startsWith('ann'))).toEqual(['ann 1']);
    slow.resolve();
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    expect(hook.texts().filter((text) => text.startsWith('ann'))).toEqual([
      'ann 1',
      'ann 2',
      'ann 3',
    ]);
    expect(hook.texts().filter((text) => text.startsWith('bob'))).toEqual([
      'bob 1',
      'bob 2',
      'bob 3',
    ]);
  });

  it('have no more under way than max_connections', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const { bot } = await acquainted(test);
    await test.api(bot.token, 'setWebhook', { url: hook.url, max_connections: 3 });
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    let underWay = 0;
    let most = 0;
    hook.answer = async () => {
      most = Math.max(most, ++underWay);
      await waitFor('three at once', () => most === 3);
      underWay--;
      return { status: 200 };
    };
    for (let number = 0; number < 12; number++) {
      const { id: from } = await test.control.createUser({ firstName: `User ${number}` });
      await test.control.sendText({ bot: bot.id, from, text: 'hi' });
    }
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    expect(most).toBe(3);
  });

  it('tell getWebhookInfo why a delivery failed, and go on trying', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    hook.answer = () => ({ status: hook.received.length < 2 ? 500 : 200 });
    const { bot } = await acquainted(test);
    await test.api(bot.token, 'setWebhook', { url: hook.url });
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    const info = await test.api(bot.token, 'getWebhookInfo');
    expect(info.body.result).toMatchObject({
      last_error_message: 'Wrong response from the webhook: 500 Internal Server Error',
      last_error_date: expect.any(Number),
    });
    expect(await test.control.updates()).toMatchObject([
      { deliveryCount: 2, deliveries: [{ outcome: '500' }, { outcome: '200' }] },
    ]);
  });

  it('carry out the method in an answer, but none that would be pointless or cut the branch', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const { bot, user } = await acquainted(test);
    const calls = [
      { method: 'sendMessage', chat_id: user.id, text: 'by answer' },
      { method: 'getMe' },
      { method: 'deleteWebhook' },
      { method: 'logOut' },
    ];
    hook.answer = () => ({ status: 200, body: calls[hook.received.length - 1] ?? {} });
    await test.api(bot.token, 'setWebhook', { url: hook.url });
    for (const text of ['a', 'b', 'c'])
      await test.control.sendText({ bot: bot.id, from: user.id, text });
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    const { calls: sent } = await test.control.waitFor({ kind: 'calls', method: 'sendMessage' });
    expect(sent).toMatchObject([{ via: 'webhook-answer', outcome: { ok: true } }]);
    expect((await test.control.calls()).map(({ method }) => method)).toEqual([
      'setWebhook',
      'sendMessage',
    ]);
  });

  it('end a held poll with 409, and keep getUpdates out until they are deleted', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const bot = await test.control.createBot();
    const held = test.api(bot.token, 'getUpdates', { timeout: 50 });
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    await test.api(bot.token, 'setWebhook', { url: hook.url });
    expect((await held).body).toMatchObject({
      error_code: 409,
      description: 'Conflict: terminated by setWebhook request',
    });
    await test.control.advanceClock(3_000);
    expect((await test.api(bot.token, 'getUpdates')).body.description).toBe(
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
    const deleted = [
      await test.api(bot.token, 'deleteWebhook'),
      await test.api(bot.token, 'deleteWebhook'),
    ].map(({ body }) => body.description);
    expect(deleted).toEqual(['Webhook was deleted', 'Webhook is already deleted']);
    expect((await test.api(bot.token, 'getUpdates')).status).toBe(200);
  });

  it('may be set once a second, and not at all to what the cloud forbids', async () => {
    const test = await testEmulator({ webhookRules: 'cloud' });
    const bot = await test.control.createBot();
    const answers: unknown[] = [];
    for (const parameters of [
      { url: 'http://127.0.0.1/' },
      { url: 'https://127.0.0.1:8080/' },
      { url: '127.0.0.1' },
      { url: 'https://192.168.1.1/' },
      { url: 'https://203.0.113.5/', secret_token: 'not allowed' },
      { url: 'https://203.0.113.5/', secret_token: 'x'.repeat(257) },
    ]) {
      answers.push((await test.api(bot.token, 'setWebhook', parameters)).body.description);
      await test.control.advanceClock(1_000);
    }
    expect(answers).toEqual([
      'Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
      'Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
      'Bad Request: bad webhook: IP address 127.0.0.1 is reserved',
      'Bad Request: bad webhook: IP address 192.168.1.1 is reserved',
      'Bad Request: secret token contains unallowed characters',
      'Bad Request: secret token is too long',
    ]);
    await test.api(bot.token, 'setWebhook', { url: 'x' });
    expect((await test.api(bot.token, 'setWebhook', { url: 'x' })).body.parameters).toEqual({
      retry_after: 1,
    });
  });

  it('stay as they are when they are set to the same again', async () => {
    const test = await testEmulator();
    const hook = await endpoint();
    const bot = await test.control.createBot();
    const set = (): Promise<{ body: { description?: string } }> =>
      test.api(bot.token, 'setWebhook', { url: hook.url, allowed_updates: ['message'] });
    await set();
    await test.control.advanceClock(1_000);
    expect((await set()).body.description).toBe('Webhook is already set');
    expect((await test.api(bot.token, 'getWebhookInfo')).body.result.allowed_updates).toEqual([
      'message',
    ]);
  });

  it('trust an endpoint by the certificate that the bot has uploaded', async () => {
    const test = await testEmulator();
    const { cert, key, caPem } = await makeCertificates('127.0.0.1');
    const hook = await endpoint(createTlsServer({ cert, key }), 'https');
    const { bot } = await acquainted(test);
    await test.api(bot.token, 'setWebhook', { url: hook.url });
    const info = (): Promise<Record<string, unknown>> =>
      test
        .api(bot.token, 'getWebhookInfo')
        .then(({ body }) => body.result as Record<string, unknown>);
    await waitFor('the refusal', async () => (await info())['last_error_message'] !== undefined);
    expect(await info()).toMatchObject({
      last_error_message: 'SSL error {error:0A000086:SSL routines::certificate verify failed}',
      has_custom_certificate: false,
    });
    const form = new FormData();
    form.set('url', hook.url);
    form.set('certificate', new Blob([caPem]), 'ca.pem');
    await test.control.advanceClock(1_000);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/setWebhook`;
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200);
    await test.control.waitFor({ kind: 'confirmed', bot: bot.id });
    expect(await info()).toMatchObject({ has_custom_certificate: true });
  });
});
