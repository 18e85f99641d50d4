import type { RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { type ExchangeRequest, exchange } from '../../../src/runtime/transport/exchange.ts';
import { Http1Pool } from '../../../src/runtime/transport/http1-pool.ts';
import { waitFor } from '../../support/wait.ts';
import { connectTo } from './connect-to.ts';
import { deadOrigin, hostileServer } from './hostile-server.ts';

const REQUEST = {
  path: '/',
  method: 'GET',
  headers: {},
  timeoutMs: 5_000,
  maxBytes: 1_000,
} as const;

function poolTo(origin: string, options: { max?: number; clock?: AdjustableClock } = {}) {
  const { max, clock = new AdjustableClock() } = options;
  const pool = new Http1Pool({
    origin: new URL(origin),
    connect: connectTo(origin),
    clock,
    keepAliveMs: 30_000,
    ...(max !== undefined && { maxConnections: max }),
  });
  onTestFinished(() => pool.destroy());
  const send = (change: Partial<ExchangeRequest> = {}) =>
    exchange(pool, systemClock, { ...REQUEST, ...change });
  return { pool, clock, send };
}

/** A server that tells over which connections it was asked. */
async function countingServer(listener: RequestListener = (_, response) => response.end('ok')) {
  const ports: (number | undefined)[] = [];
  const server = await hostileServer((request, response) => {
    ports.push(request.socket.remotePort);
    listener(request, response);
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { origin: server.origin, ports, connections: () => new Set(ports).size };
}

test('requests that follow each other share a connection, those at once do not', async () => {
  const server = await countingServer();
  const { send } = poolTo(server.origin);
  await send();
  await send();
  expect(server.connections()).toBe(1);
  await Promise.all([send(), send(), send()]);
  expect(server.connections()).toBe(3);
});

test('no more connections are opened than are allowed; the others wait in order', async () => {
  const paths: (string | undefined)[] = [];
  const server = await countingServer(({ url }, response) => {
    paths.push(url);
    setImmediate(() => response.end('ok'));
  });
  const { send } = poolTo(server.origin, { max: 2 });
  const expected = Array.from({ length: 9 }, (_, index) => `/${index}`);
  await Promise.all(expected.map((path) => send({ path })));
  expect(server.connections()).toBe(2);
  expect(paths.toSorted((a = '', b = '') => a.localeCompare(b))).toEqual(expected);
});

test('where nobody listens every request fails, those that waited too', async () => {
  const { send } = poolTo(await deadOrigin(), { max: 2 });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => send()));
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ reason: { fault: 'network', sent: false } });
  }
});

test('a connection that the server gave up is not used again', async () => {
  const server = await countingServer((_, response) => {
    response.setHeader('connection', 'close').end('ok');
  });
  const { send } = poolTo(server.origin, { max: 1 });
  await Promise.all([send(), send()]);
  expect(server.connections()).toBe(2);
});

test('an unused connection is closed in time, with one timer for all', async () => {
  const server = await countingServer();
  const { send, clock } = poolTo(server.origin);
  await Promise.all([send(), send()]);
  expect(clock.pendingTimers).toBe(1);
  clock.advance(30_000);
  await waitFor('the end of the connections', () => clock.pendingTimers === 0);
  await send();
  expect(server.connections()).toBe(3);
});

test('a body is sent with its length in bytes, and is not sent with a GET', async () => {
  const server = await countingServer((request, response) => request.pipe(response));
  const { send } = poolTo(server.origin);
  const text = 'schön 👋 '.repeat(50);
  expect((await send({ method: 'POST', body: text })).body.toString()).toBe(text);
  expect((await send()).body.toString()).toBe('');
});

test.each([
  ['path', { path: '/x HTTP/1.1\r\nhost: evil' }],
  ['header', { headers: { a: 'b\r\nc: d' } }],
])('a %s that would end early is not sent', async (_, change) => {
  const server = await countingServer();
  const { send } = poolTo(server.origin);
  await expect(send(change)).rejects.toMatchObject({ fault: 'network', sent: false });
  expect(server.ports).toEqual([]);
});

test('destroyed, it fails what runs and what comes', async () => {
  const server = await countingServer(() => undefined);
  const { send, pool } = poolTo(server.origin, { max: 1 });
  const outcomes = Promise.allSettled([send(), send()]);
  await waitFor('the first request', () => server.ports.length === 1);
  await pool.destroy();
  expect(await outcomes).toMatchObject([{ reason: { sent: true } }, { reason: { sent: false } }]);
  await expect(send()).rejects.toMatchObject({ fault: 'network' });
});
