import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { acquainted, testEmulator } from './support.ts';

interface Problem {
  readonly status: number;
  readonly type: string | null;
  readonly body: { readonly code: string; readonly detail: string };
}

async function problemOf(response: Promise<Response>): Promise<Problem> {
  const got = await response;
  const body = (await got.json()) as Problem['body'];
  return { status: got.status, type: got.headers.get('content-type'), body };
}

/** fetch sets the host header by itself; a rebound name comes in one of the attacker's choice. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject);
    sent.end();
  });
}

describe('the control interface', () => {
  it('describes itself in OpenAPI 3.1, with every path that the client uses', async () => {
    const test = await testEmulator();
    const response = await fetch(`${test.emulator.controlUrl}/openapi.json`);
    const document = (await response.json()) as { openapi: string; paths: Record<string, object> };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toMatchInlineSnapshot(`
      [
        "DELETE /faults",
        "DELETE /faults/{id}",
        "GET /bots",
        "GET /bots/{bot}",
        "GET /chats",
        "GET /clock",
        "GET /faults",
        "GET /ledger/calls",
        "GET /ledger/updates",
        "GET /limits",
        "GET /messages",
        "POST /blocks",
        "POST /bots",
        "POST /bots/{bot}/reissue-token",
        "POST /bots/{bot}/revoke-token",
        "POST /button-presses",
        "POST /chats",
        "POST /chats/{id}/members",
        "POST /chats/{id}/upgrade",
        "POST /clock/advance",
        "POST /faults",
        "POST /join-requests",
        "POST /ledger/wait",
        "POST /limits",
        "POST /messages",
        "POST /raw-updates",
        "POST /reset",
        "POST /users",
      ]
    `);
  });

  it('takes no write that a web page could send', async () => {
    const test = await testEmulator();
    const url = `${test.emulator.controlUrl}/bots`;
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const headers = { 'content-type': type };
      expect(await problemOf(fetch(url, { method: 'POST', headers, body: '{}' }))).toMatchObject({
        status: 415,
        body: { code: 'JSON_NEEDED' },
      });
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(415);
    expect(await statusWithHost(url, 'attacker.example')).toBe(403);
    expect(await statusWithHost(url, 'localhost:1')).toBe(200);
    expect(await test.control.bots()).toEqual([]);
  });

  it('says what is wrong after RFC 9457, with a stable code', async () => {
    const test = await testEmulator();
    const headers = { 'content-type': 'application/json' };
    const post = (path: string, body: string): Promise<Problem> =>
      problemOf(fetch(`${test.emulator.controlUrl}${path}`, { method: 'POST', headers, body }));
    expect(await post('/users', '{"firstname":"Ann"}')).toEqual({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
      body: {
        type: 'urn:tenantbot:emulator:REQUEST_INVALID',
        title: 'REQUEST_INVALID',
        status: 400,
        code: 'REQUEST_INVALID',
        detail: expect.stringContaining('firstName'),
      },
    });
    const codes = [
      await post('/nowhere', '{}'),
      await post('/users', '{'),
      await post('/bots', '{"token":"123:short"}'),
      await post('/bots/nobody/revoke-token', '{}'),
      await post('/messages', '{"from":1,"text":"x"}'),
    ].map(({ status, body }) => [status, body.code]);
    expect(codes).toEqual([
      [404, 'NO_SUCH_PATH'],
      [400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
      [400, 'TOKEN_INVALID'],
      [404, 'BOT_NOT_FOUND'],
      [404, 'USER_NOT_FOUND'],
    ]);
  });

  it('finds the same bot by the same token, the same user and chat by the same name', async () => {
    const { control } = await testEmulator();
    const bot = await control.createBot({ username: 'a_bot', name: 'A' });
    expect(await control.createBot({ token: bot.token })).toEqual(bot);
    await control.revokeToken(bot.id);
    expect(await control.createBot({ token: bot.token })).toEqual(bot);
    await expect(control.createBot({ token: `${bot.id}:${'x'.repeat(35)}` })).rejects.toMatchObject(
      {
        code: 'BOT_ID_TAKEN',
      },
    );
    await expect(control.createBot({ username: 'A_Bot' })).rejects.toMatchObject({
      code: 'USERNAME_TAKEN',
    });
    const user = await control.createUser({ firstName: 'Ann', username: 'ann' });
    expect(await control.createUser({ firstName: 'Other', username: 'Ann' })).toEqual(user);
    const chat = await control.createChat({ type: 'channel', title: 'News', username: 'news' });
    expect(await control.createChat({ type: 'group', title: 'Other', username: 'news' })).toEqual(
      chat,
    );
  });

  it('carries any text to the bot unchanged', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const texts = [
      '\0',
      '\ud83d',
      '\udc00 lone',
      'x'.repeat(100_000),
      '\0'.repeat(100_000),
      '"\\\u2028',
    ];
    for (const text of texts) await test.control.sendText({ bot: bot.id, from: user.id, text });
    const { body } = await test.api(bot.token, 'getUpdates');
    const received = (body.result as { message: { text: string } }[]).map(
      ({ message }) => message.text,
    );
    expect(received.slice(1)).toEqual(texts);
  });

  it('carries updates of any shape', async () => {
    const test = await testEmulator();
    const bot = await test.control.createBot();
    await test.control.sendRawUpdate({ bot: bot.id, body: {} });
    await test.control.sendRawUpdate({ bot: bot.id, body: { update_id: 1, teleported: [null] } });
    const { body } = await test.api(bot.token, 'getUpdates');
    const [first] = body.result as { update_id: number }[];
    expect(body.result).toEqual([
      { update_id: first?.update_id },
      { update_id: Number(first?.update_id) + 1, teleported: [null] },
    ]);
  });

  it('forgets everything on reset and moves the clock on demand', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.addFault({ effect: { kind: 'truncate' } });
    const beforeMs = test.emulator.clock.wallMs();
    await test.control.advanceClock(24 * 3_600_000 + 1);
    expect(test.emulator.clock.wallMs() - beforeMs).toBeGreaterThan(24 * 3_600_000);
    await test.control.reset();
    expect([
      await test.control.bots(),
      await test.control.faults(),
      await test.control.updates(),
    ]).toEqual([[], [], []]);
    expect((await test.api(bot.token, 'getMe')).status).toBe(401);
  });

  it('says so when it cannot be reached', async () => {
    const test = await testEmulator();
    await test.emulator.close();
    await expect(new EmulatorClient(test.emulator.controlUrl).bots()).rejects.toMatchObject({
      code: 'EMULATOR_UNREACHABLE',
    });
  });
});

describe('the ledger', () => {
  it('tells of an update that nobody fetched for 24 hours that it has expired', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.advanceClock(24 * 3_600_000 + 1);
    expect((await test.api(bot.token, 'getUpdates')).body.result).toEqual([]);
    expect(await test.control.updates()).toMatchObject([{ fate: 'expired', deliveryCount: 0 }]);
  });

  it('holds calls with what matters of them, and never a token', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    await test.api(bot.token, 'sendMessage', {
      chat_id: user.id,
      text: `my token is ${bot.token}`,
      reply_to_message_id: 1,
      reply_markup: { remove_keyboard: true },
    });
    await test.api(bot.token, 'sendMessage', { chat_id: 1, text: 'x' });
    await test.api(`${bot.token}x`, 'getMe');
    const calls = await test.control.calls();
    expect(calls).toMatchObject([
      {
        seq: 1,
        bot: { id: bot.id, username: 'greeter_bot' },
        method: 'sendMessage',
        parameters: {
          chat_id: String(user.id),
          reply_to_message_id: '1',
          reply_markup: '{"remove_keyboard":true}',
        },
        outcome: { status: 200, ok: true, messageId: 2 },
      },
      { seq: 2, outcome: { status: 400, ok: false, description: 'Bad Request: chat not found' } },
      { seq: 3, bot: null, outcome: { status: 401, ok: false } },
    ]);
    const secret = bot.token.split(':')[1] ?? '';
    expect(JSON.stringify([calls, await test.control.updates()])).not.toContain(secret);
    expect(await test.control.calls({ since: 1, limit: 1, method: 'sendmessage' })).toMatchObject([
      { seq: 2 },
    ]);
  });

  it('is bounded and counts what it had to let go', async () => {
    const test = await testEmulator({ ledgerCapacity: 3 });
    const bot = await test.control.createBot();
    for (let count = 0; count < 5; count++) await test.api(bot.token, 'getMe');
    const response = await fetch(`${test.emulator.controlUrl}/ledger/calls`);
    const ledger = (await response.json()) as { calls: { seq: number }[] };
    expect(ledger).toMatchObject({
      lastSeq: 5,
      dropped: 2,
      calls: [{ seq: 3 }, { seq: 4 }, { seq: 5 }],
    });
  });

  it('counts a call only once it has ended', async () => {
    const test = await testEmulator();
    const bot = await test.control.createBot();
    const held = test.api(bot.token, 'getUpdates', { timeout: 50 });
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    const polled = { kind: 'calls', method: 'getUpdates' } as const;
    expect((await test.control.waitFor(polled, { timeoutMs: 0 })).met).toBe(false);
    const waited = test.control.waitFor(polled);
    await test.control.sendRawUpdate({ bot: bot.id, body: {} });
    expect((await waited).calls).toMatchObject([{ method: 'getUpdates', outcome: { ok: true } }]);
    await held;
  });

  it('lets a reader wait for calls, for confirmation, and until a deadline', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const wait = test.control.waitFor({
      kind: 'calls',
      bot: 'greeter_bot',
      method: 'sendMessage',
      text: 'two',
      count: 2,
    });
    for (const text of ['one', 'two', 'two again']) {
      await test.api(bot.token, 'sendMessage', { chat_id: user.id, text });
    }
    const { met, calls } = await wait;
    expect([met, ...calls.map(({ parameters }) => parameters['text'])]).toEqual([
      true,
      'two',
      'two again',
    ]);
    const confirmed = { kind: 'confirmed', bot: bot.id } as const;
    expect(await test.control.waitFor(confirmed, { timeoutMs: 0 })).toEqual({
      met: false,
      calls: [],
    });
    const failed = { kind: 'calls', method: 'sendMessage', ok: false } as const;
    expect((await test.control.waitFor(failed, { timeoutMs: 20 })).met).toBe(false);
    const later = { kind: 'calls', method: 'sendMessage', since: 2 } as const;
    expect((await test.control.waitFor(later, { timeoutMs: 0 })).calls).toMatchObject([{ seq: 3 }]);
  });
});
