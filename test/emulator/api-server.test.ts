import { connect } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquainted, type TestEmulator, testEmulator } from './support.ts';

const ME = { status: 200, body: { ok: true, result: { username: 'greeter_bot' } } };

async function answerOf(response: Promise<Response>): Promise<{ status: number; body: unknown }> {
  const { status, json } = await response.then((got) => ({ status: got.status, json: got.json() }));
  return { status, body: await json };
}

describe('the Bot API over HTTP', () => {
  it('takes JSON, forms, uploads and queries, by GET and POST, in any case', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}`;
    const form = new FormData();
    form.set('chat_id', String(user.id));
    form.set('text', 'by multipart');
    const parameters = (text: string): Record<string, string> => ({
      chat_id: String(user.id),
      text,
    });
    const query = (text: string): string => new URLSearchParams(parameters(text)).toString();
    const json = { 'content-type': 'application/json; charset=utf-8' };
    const responses = [
      fetch(`${url}/sendMessage?${query('by GET')}`),
      fetch(`${url}/SENDMESSAGE?${query('by an empty POST')}`, { method: 'POST' }),
      fetch(`${url}/sendmessage`, {
        method: 'POST',
        body: new URLSearchParams(parameters('by form')),
      }),
      fetch(`${url}/sendMessage`, { method: 'POST', body: form }),
      fetch(`${url}/sendMessage`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify(parameters('by JSON')),
      }),
      fetch(`${url}/?method=sendMessage&${query('by a method argument')}`),
    ];
    for (const response of responses) expect((await response).status).toBe(200);
    const sent = await test.control.calls({ method: 'sendMessage' });
    expect(new Set(sent.map(({ parameters: { text } }) => text))).toEqual(
      new Set([
        'by GET',
        'by JSON',
        'by a method argument',
        'by an empty POST',
        'by form',
        'by multipart',
      ]),
    );
  });

  it('takes a body that it cannot read for none, as the real server does', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendMessage`;
    const headers = { 'content-type': 'application/json' };
    for (const body of ['{"chat_id":', '[1]', '"text"', 'null']) {
      const answer = await answerOf(fetch(url, { method: 'POST', headers, body }));
      expect(answer).toMatchObject({
        status: 400,
        body: { description: 'Bad Request: message text is empty' },
      });
    }
  });

  it('answers 404 for what is no call, and 401 for tokens that open nothing', async () => {
    const test = await testEmulator();
    const answers: unknown[] = [];
    for (const path of [
      '/',
      '/bot',
      '/botabc/getMe',
      '/bot123/getMe',
      '/file/bot123:abc/x',
      '/bot0123456:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/getMe',
      '/bot123456:short/getMe',
      `/bot123456:${'a'.repeat(80)}/getMe`,
      '/bot123456:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/getMe',
    ]) {
      const { status, body } = await answerOf(fetch(`${test.emulator.apiRoot}${path}`));
      answers.push([path.slice(0, 16), status, (body as { description: string }).description]);
    }
    expect(answers).toEqual([
      ['/', 404, 'Not Found'],
      ['/bot', 404, 'Not Found'],
      ['/botabc/getMe', 404, 'Not Found'],
      ['/bot123/getMe', 404, 'Not Found'],
      ['/file/bot123:abc', 404, 'Not Found'],
      ['/bot0123456:aaaa', 401, 'Unauthorized: invalid token specified'],
      ['/bot123456:short', 401, 'Unauthorized: invalid token specified'],
      ['/bot123456:aaaaa', 401, 'Unauthorized: invalid token specified'],
      ['/bot123456:aaaaa', 401, 'Unauthorized'],
    ]);
  });

  it('takes compressed bodies, and says what it cannot read', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    const json = JSON.stringify({ chat_id: user.id, text: 'packed' });
    const form = new FormData();
    form.set('chat_id', String(user.id));
    form.set('text', 'packed form');
    const multipart = new Response(form);
    const formType = multipart.headers.get('content-type') ?? '';
    const large = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    const post = async (body: Buffer, encoding: string, type = 'application/json') => {
      const headers = { 'content-type': type, 'content-encoding': encoding };
      const url = `${test.emulator.apiRoot}/bot${bot.token}/sendMessage`;
      const answer = await answerOf(fetch(url, { method: 'POST', headers, body }));
      return [answer.status, (answer.body as { description?: string }).description];
    };
    expect([
      await post(gzipSync(json), 'gzip'),
      await post(deflateSync(json), 'deflate'),
      await post(gzipSync(Buffer.from(await multipart.arrayBuffer())), 'GZIP', formType),
      await post(Buffer.from(json), 'gzip'),
      await post(gzipSync(json), 'zstd'),
      await post(gzipSync(large), 'gzip'),
    ]).toEqual([
      [200, undefined],
      [200, undefined],
      [200, undefined],
      [400, 'Bad Request: the body is not gzip'],
      [415, 'Unsupported Media Type: unsupported content-encoding'],
      [413, 'Request Entity Too Large: too much parameters'],
    ]);
    const texts = (await test.control.messages(user.id, bot.id)).map(({ text }) => text);
    expect(texts).toEqual(['/start', 'packed', 'packed', 'packed form']);
  });

  it('answers 504 or 401 for a new token for a while', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const token = await test.control.reissueToken(bot.id, { flutterMs: 5_000, flutterStatus: 504 });
    expect(await test.api(token, 'getMe')).toMatchObject({
      status: 504,
      body: { description: 'Gateway Timeout' },
    });
    expect((await test.api(bot.token, 'getMe')).status).toBe(401);
    await test.control.advanceClock(5_000);
    expect((await test.api(token, 'getMe')).status).toBe(200);
  });

  it('answers 413 for a body that is too large, whatever its form', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendDocument`;
    const form = new FormData();
    form.set('document', new Blob([Buffer.alloc((50 << 20) + 1)]), 'large.bin');
    const large = `{"text":"${'x'.repeat(1 << 20)}"}`;
    const json = { 'content-type': 'application/json' };
    expect(await answerOf(fetch(url, { method: 'POST', body: form }))).toMatchObject({
      status: 413,
      body: { ok: false, error_code: 413 },
    });
    expect(
      await answerOf(fetch(url, { method: 'POST', headers: json, body: large })),
    ).toMatchObject({
      status: 413,
      body: { description: 'Request Entity Too Large: too much parameters' },
    });
  });

  it('answers 400 for a form that breaks off, wherever that is', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/sendDocument`;
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const form =
      '--x\r\ncontent-disposition: form-data; name="chat_id"\r\n\r\n1\r\n--x\r\n' +
      'content-disposition: form-data; name="document"; filename="a"\r\n\r\nabcdef\r\n--x--\r\n';
    for (let length = 1; length < form.length - 4; length += 7) {
      const body = form.slice(0, length);
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(400);
    }
    expect((await test.control.bot(bot.id)).id).toBe(bot.id);
  });

  it('answers 400 for a form without a boundary', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/getMe`;
    const headers = { 'content-type': 'multipart/form-data' };
    expect(await answerOf(fetch(url, { method: 'POST', headers, body: 'x' }))).toMatchObject({
      status: 400,
      body: { description: 'Bad Request: boundary not found' },
    });
  });
});

describe('tokens', () => {
  it('are worthless once revoked, and new ones answer 401 for a while', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    await test.control.revokeToken(bot.id);
    expect((await test.api(bot.token, 'getMe')).status).toBe(401);
    const token = await test.control.reissueToken(bot.id, { flutterMs: 5_000 });
    expect((await test.api(token, 'getMe')).body).toEqual({
      ok: false,
      error_code: 401,
      description: 'Unauthorized',
    });
    await test.control.advanceClock(5_000);
    expect(await test.api(token, 'getMe')).toMatchObject(ME);
    expect((await test.api(bot.token, 'getMe')).status).toBe(401);
  });

  it('keep the waiting updates when they change, and end the held poll', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const held = test.api(bot.token, 'getUpdates', { offset: 2_000_000_000, timeout: 50 });
    const [waiting] = (await held).body.result as { update_id: number }[];
    const poll = test.api(bot.token, 'getUpdates', {
      offset: Number(waiting?.update_id) + 1,
      timeout: 50,
    });
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    const token = await test.control.reissueToken(bot.id);
    expect(await poll).toMatchObject({ status: 200, body: { result: [] } });
    await test.control.sendRawUpdate({ bot: bot.id, body: { something_new: { text: '\0' } } });
    expect((await test.api(token, 'getUpdates')).body.result).toMatchObject([
      { something_new: { text: '\0' } },
    ]);
  });

  it('make bots by themselves where that is wanted, but never out of revoked ones', async () => {
    const test = await testEmulator({ unknownTokens: 'create' });
    const token = `123456:${'a'.repeat(35)}`;
    const first = await test.api(token, 'getMe');
    expect(first.body.result).toMatchObject({ id: 123456, username: 'emulated_123456_bot' });
    expect((await test.api(`123456:${'b'.repeat(35)}`, 'getMe')).status).toBe(401);
    await test.control.revokeToken(123456);
    expect((await test.api(token, 'getMe')).status).toBe(401);
  });
});

async function secureAgent(test: TestEmulator, allowH2: boolean): Promise<Agent> {
  const ca = test.emulator.caPem ?? '';
  const agent = new Agent({ allowH2, connect: { ca } });
  onTestFinished(() => agent.close());
  return Promise.resolve(agent);
}

describe('the Bot API over TLS', () => {
  it.each([
    ['HTTP/1.1', false],
    ['HTTP/2', true],
  ])('answers by %s with a certificate that its own CA vouches for', async (_name, http2) => {
    const test = await testEmulator({ tls: 'self-signed', http2 });
    const { bot } = await acquainted(test);
    const dispatcher = await secureAgent(test, http2);
    for (const host of ['127.0.0.1', 'localhost']) {
      const root = test.emulator.apiRoot.replace('127.0.0.1', host);
      const response = await undiciFetch(`${root}/bot${bot.token}/getMe`, { dispatcher });
      expect({ status: response.status, body: await response.json() }).toMatchObject(ME);
    }
  });

  it('speaks HTTP/1.1 with clients that know no HTTP/2', async () => {
    const test = await testEmulator({ tls: 'self-signed', http2: true });
    const { bot } = await acquainted(test);
    const dispatcher = await secureAgent(test, false);
    const url = `${test.emulator.apiRoot}/bot${bot.token}/getMe`;
    expect((await undiciFetch(url, { dispatcher })).status).toBe(200);
  });

  it('tells HTTP/2 clients how many streams a connection carries', async () => {
    const test = await testEmulator({ tls: 'self-signed', http2: true, maxStreams: 7 });
    const session = connect(test.emulator.apiRoot, { ca: test.emulator.caPem ?? '' });
    onTestFinished(() => session.destroy());
    const settings = await new Promise<{ maxConcurrentStreams?: number }>((resolve, reject) => {
      session.once('remoteSettings', resolve);
      session.once('error', reject);
    });
    expect(settings.maxConcurrentStreams).toBe(7);
  });
});

describe('startEmulator', () => {
  it('says in words which port is in use', async () => {
    const test = await testEmulator();
    const port = Number(new URL(test.emulator.apiRoot).port);
    const defects: unknown[] = [];
    const onDefect = (error: unknown): void => void defects.push(error);
    await expect(testEmulator({ port, onDefect })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`127.0.0.1:${port}: the port is in use`),
    });
    expect(defects).toEqual([]);
    await expect(testEmulator({ controlPort: port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining('control interface'),
    });
  });

  it('ends held polls and waits when it is closed', async () => {
    const test = await testEmulator();
    const bot = await test.control.createBot();
    const poll = test.api(bot.token, 'getUpdates', { timeout: 50 }).catch(() => 'cut off');
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    const wait = test.control
      .waitFor({ kind: 'calls', method: 'getMe' }, { timeoutMs: 60_000 })
      .catch(() => 'cut off');
    await test.emulator.close();
    await Promise.all([poll, wait]);
  });
});
