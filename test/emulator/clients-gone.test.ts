import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { acquainted, testEmulator } from './support.ts';

const TYPES = ['application/json', 'multipart/form-data; boundary=x', 'text/plain'];

function closed(emitter: { on(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    emitter.on('close', resolve);
  });
}

describe('clients that leave', () => {
  it('in the middle of a request do no harm over HTTP/1.1', async () => {
    const test = await testEmulator();
    const { bot } = await acquainted(test);
    const { hostname, port } = new URL(test.emulator.apiRoot);
    for (const type of TYPES) {
      const socket = connectTcp(Number(port), hostname);
      const head = `POST /bot${bot.token}/getMe HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n`;
      socket.write(`${head}content-length: 100\r\n\r\n--x\r\n`, () => socket.destroy());
      await closed(socket);
    }
    expect((await test.api(bot.token, 'getMe')).status).toBe(200);
    expect(await test.control.calls()).toHaveLength(1);
  });

  it('in the middle of a request do no harm over HTTP/2', async () => {
    const test = await testEmulator({ tls: 'self-signed', http2: true });
    const { bot } = await acquainted(test);
    for (const type of TYPES) {
      const session = connectHttp2(test.emulator.apiRoot, { ca: test.emulator.caPem ?? '' });
      const path = `/bot${bot.token}/getMe`;
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type });
      stream.write('--x\r\n', () => session.destroy());
      await closed(session);
    }
    expect(await test.control.calls()).toEqual([]);
  });

  it('while their poll is held keep it open, and lose no update by that', async () => {
    const test = await testEmulator();
    const { bot, user } = await acquainted(test);
    await test.api(bot.token, 'getUpdates', { offset: -1 });
    const { update_id } = (await test.api(bot.token, 'getUpdates')).body.result[0];
    const leaving = new AbortController();
    const url = `${test.emulator.apiRoot}/bot${bot.token}/getUpdates?timeout=50&offset=${update_id + 1}`;
    const poll = fetch(url, { signal: leaving.signal }).catch(() => 'left');
    await test.control.waitFor({ kind: 'polling', bot: bot.id });
    leaving.abort();
    await poll;
    expect((await test.control.bot(bot.id)).polling).toBe(true);
    await test.control.sendText({ bot: bot.id, from: user.id, text: 'anyone?' });
    const ended = { kind: 'calls', method: 'getUpdates', count: 3 } as const;
    const { calls } = await test.control.waitFor(ended);
    expect(calls.at(-1)?.outcome).toMatchObject({ clientGone: true });
    expect((await test.control.updates()).at(-1)).toMatchObject({
      fate: 'pending',
      deliveryCount: 0,
    });
    const again = await test.api(bot.token, 'getUpdates', { offset: update_id + 1 });
    expect(again.body.result).toMatchObject([{ message: { text: 'anyone?' } }]);
  });
});
