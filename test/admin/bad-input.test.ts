import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { ANA, openAdmin } from './support/admin-world.ts';

/** A connection, and all that has come back by it. */
async function open(port: number) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  let text = '';
  let isEnded = false;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.once('close', () => {
    isEnded = true;
  });
  socket.on('error', () => undefined);
  return { socket, text: () => text, isEnded: () => isEnded };
}

/** Writes until `bytes` are sent or nobody takes any more; resolves to how many were. */
async function pour(socket: Socket, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(1 << 20, 'x');
  let sent = 0;
  while (sent < bytes && socket.writable) {
    sent += chunk.length;
    if (!socket.write(chunk)) {
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
  }
  return sent;
}

async function stillAnswers(url: string): Promise<void> {
  expect((await fetch(`${url}/v1/me`, { headers: ANA })).status).toBe(200);
}

test('headers of 100 KB are refused in words', async () => {
  const { url, port } = await openAdmin();
  const { socket, text } = await open(port);
  socket.write(`GET /v1/me HTTP/1.1\r\nhost: 127.0.0.1\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`);
  await waitFor('the refusal', () => text().includes('HEADERS_TOO_LARGE'));
  expect(text()).toMatch(/^HTTP\/1\.1 431 .*\r\ncontent-type: application\/problem\+json/);
  await stillAnswers(url);
});

test('a body of 1 GB is refused before it is sent', async () => {
  const { url } = await openAdmin();
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const headers = {
    'content-type': 'application/json',
    'content-length': String(1 << 30),
    expect: '100-continue',
  };
  const asking = request(`${url}/v1/session`, { method: 'POST', headers });
  asking.once('response', (response) => resolve(response.statusCode)).once('error', reject);
  asking.flushHeaders();
  onTestFinished(() => void asking.destroy());
  expect(await promise).toBe(413);
  await stillAnswers(url);
});

test('a body without end is cut off, whoever says how long it is', async () => {
  const { url, port } = await openAdmin();
  for (const length of ['content-length: 1073741824', 'transfer-encoding: chunked']) {
    const { socket, text, isEnded } = await open(port);
    const head = ['POST /v1/session HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json'];
    socket.write(`${[...head, length].join('\r\n')}\r\n\r\n`);
    if (length.startsWith('transfer')) socket.write('40000000\r\n');
    const sent = await pour(socket, 1 << 30);
    await waitFor('the end of the connection', isEnded);
    expect(sent).toBeLessThan(64 << 20);
    if (text() !== '') expect(text()).toContain('413');
  }
  await stillAnswers(url);
});

test('a request that comes byte by byte is given up', async () => {
  const { url, port } = await openAdmin();
  const { socket, text, isEnded } = await open(port);
  socket.write('GET /v1/me HTTP/1.1\r\nhost: 127.0.0.1\r\n');
  const drip = setInterval(() => socket.writable && socket.write('x: y\r\n'), 100);
  onTestFinished(() => clearInterval(drip));
  await stillAnswers(url);
  await waitFor('the server to give up', isEnded, { timeoutMs: 30_000 });
  expect(text()).toContain('REQUEST_TOO_SLOW');
  await stillAnswers(url);
}, 60_000);

test('what is no HTTP, no JSON or no path is refused in words', async () => {
  const { url, port, lines } = await openAdmin();
  const { socket, text } = await open(port);
  socket.write('\u0016\u0003\u0001 hello\r\n\r\n');
  await waitFor('the refusal', () => text().includes('NOT_HTTP'));
  const post = (body: string) =>
    fetch(`${url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const bodies = ['{', '[]', 'null', '{"token":1}', '{"token":"a","__proto__":{}}', '"\ud800"'];
  for (const body of bodies) {
    const response = await post(body);
    expect([body, response.status, response.headers.get('content-type')]).toEqual([
      body,
      400,
      expect.stringContaining('application/problem+json'),
    ]);
  }
  for (const path of ['/%', '/%00', '/v1/%zz', '/v1/bots/../../etc', '//', '/v1/nothing']) {
    const { socket, text } = await open(port);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
    await waitFor('an answer', () => text().includes('"code"'));
    expect(text()).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
  expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
