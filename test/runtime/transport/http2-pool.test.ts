import { lookup } from 'node:dns';
import { once } from 'node:events';
import { createSecureServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createSecureContext, createServer as createTls, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { createConnect } from '../../../src/runtime/transport/connect.ts';
import { type ExchangeRequest, exchange } from '../../../src/runtime/transport/exchange.ts';
import { Http1Pool } from '../../../src/runtime/transport/http1-pool.ts';
import { encodeFrame, FLAG, FRAME, uint32 } from '../../../src/runtime/transport/http2-frames.ts';
import { Http2Pool } from '../../../src/runtime/transport/http2-pool.ts';
import { waitFor } from '../../support/wait.ts';

const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const tls = { key: certificate.private, cert: certificate.cert };

async function listening(server: Server): Promise<string> {
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

/** A server of Node's, which answers as `respond` does; undefined leaves a request held. */
async function nodeServer(respond: (path: string, stream: ServerHttp2Stream) => void, most = 100) {
  const server = createHttp2({ ...tls, settings: { maxConcurrentStreams: most } });
  let connections = 0;
  server.on('session', () => connections++);
  server.on('stream', (stream, headers) => respond(String(headers[':path']), stream));
  return { origin: await listening(server), connections: () => connections };
}

/** A server that says, in frames of its own, what it was made to say. */
async function frameServer(answer: (streamId: number) => string) {
  const closed: unknown[] = [];
  const server = createTls({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    let unread = '';
    let began = false;
    socket.write(encodeFrame(FRAME.settings, 0, 0), 'latin1');
    socket.on('error', () => undefined).on('close', () => closed.push(socket));
    socket.on('data', (chunk: Buffer) => {
      unread += chunk.toString('latin1');
      if (!began && unread.length >= 24) {
        began = true;
        unread = unread.slice(24);
      }
      if (!began) return;
      for (let end = endOf(unread); end <= unread.length; end = endOf(unread)) {
        const streamId = Buffer.from(unread.slice(5, 9), 'latin1').readUInt32BE();
        if (unread.charCodeAt(3) === FRAME.headers) socket.write(answer(streamId), 'latin1');
        unread = unread.slice(end);
      }
    });
  });
  return { origin: await listening(server), closed };
}

function endOf(bytes: string): number {
  if (bytes.length < 9) return Number.POSITIVE_INFINITY;
  return 9 + Buffer.from(bytes.slice(0, 3), 'latin1').readUIntBE(0, 3);
}

function poolTo(origin: string, clock: Clock = systemClock) {
  const shared = {
    origin: new URL(origin),
    clock: systemClock,
    timeoutMs: 5_000,
    lookup,
    secureContext: createSecureContext({ ca: certificate.cert }),
  };
  const pool = new Http2Pool({
    origin: shared.origin,
    clock,
    connect: createConnect({ ...shared, protocols: ['h2', 'http/1.1'] }),
    maxStreams: 100,
    keepAliveMs: 30_000,
    http1: new Http1Pool({
      origin: shared.origin,
      clock,
      connect: createConnect({ ...shared, protocols: ['http/1.1'] }),
      keepAliveMs: 30_000,
    }),
  });
  onTestFinished(() => pool.destroy());
  const send = (change: Partial<ExchangeRequest> = {}) =>
    exchange(pool, systemClock, { ...REQUEST, ...change });
  return { pool, send };
}

const REQUEST = {
  path: '/poll',
  method: 'GET',
  headers: {},
  timeoutMs: 10_000,
  maxBytes: 100_000,
} as const;

const OK = '\x88';
const head = (id: number, flags: number = FLAG.endHeaders, block = OK): string =>
  encodeFrame(FRAME.headers, flags, id, block);
const data = (id: number, text: string, flags = 0): string =>
  encodeFrame(FRAME.data, flags, id, text);
const whole = (id: number): string => head(id) + data(id, 'done', FLAG.endStream);

test('requests share connections, as many as the server takes, and large answers arrive', async () => {
  const large = 'schön '.repeat(9_000);
  const server = await nodeServer((path, stream) => {
    stream.respond({ ':status': 200, 'x-path': path });
    stream.end(path === '/large' ? large : path);
  }, 4);
  const { send } = poolTo(server.origin);
  const paths = Array.from({ length: 12 }, (_, index) => `/${index}`);
  const answers = await Promise.all(paths.map((path) => send({ path })));
  expect(answers.map(({ body }) => body.toString())).toEqual(paths);
  expect(server.connections()).toBeLessThanOrEqual(3);
  expect((await send({ path: '/large' })).body.toString()).toBe(large);
});

test.each([401, 409, 429, 502])('an answer of status %i is an answer', async (status) => {
  const server = await nodeServer((_, stream) => {
    stream.respond({ ':status': status }, { endStream: true });
  });
  expect(await poolTo(server.origin).send()).toMatchObject({ status, body: Buffer.alloc(0) });
});

test('a request that is called off leaves its connection to the others', async () => {
  const held: ServerHttp2Stream[] = [];
  const codes: number[] = [];
  const server = await nodeServer((_, stream) => {
    held.push(stream);
    stream.on('close', () => codes.push(stream.rstCode)).on('error', () => undefined);
  });
  const { send } = poolTo(server.origin);
  const stop = new AbortController();
  const stopped = send({ signal: stop.signal });
  const other = send();
  await waitFor('both requests', () => held.length === 2);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ fault: 'aborted', sent: true });
  await waitFor('the end of one', () => codes.length === 1);
  expect(codes).toEqual([8]);
  held[1]?.respond({ ':status': 200 });
  held[1]?.end('done');
  expect((await other).body.toString()).toBe('done');
  expect(server.connections()).toBe(1);
});

test('a server that speaks only HTTP/1.1 is spoken to in that', async () => {
  const server = createTls({ ...tls, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
  });
  const { send } = poolTo(await listening(server));
  const answers = await Promise.all([send(), send()]);
  expect(answers.map(({ body }) => body.toString())).toEqual(['hi', 'hi']);
});

test('an unused connection is closed in time, and another one opened when it is needed', async () => {
  const clock = new AdjustableClock();
  const server = await nodeServer((_, stream) => {
    stream.respond({ ':status': 200 });
    stream.end('done');
  });
  const { send } = poolTo(server.origin, clock);
  await send();
  await send();
  expect(server.connections()).toBe(1);
  clock.advance(30_000);
  await waitFor('the end of the connection', () => clock.pendingTimers === 0);
  await send();
  expect(server.connections()).toBe(2);
});

test('a connection on which a request timed out is given up unless it answers a ping', async () => {
  const clock = new AdjustableClock();
  const limits = new AdjustableClock();
  const overTime = { ...REQUEST, path: '/slow' };
  let asked = 0;
  const silent = await frameServer(() => {
    asked++;
    return '';
  });
  const dead = poolTo(silent.origin, clock);
  const other = dead.send();
  const slow = exchange(dead.pool, limits, overTime);
  await waitFor('both requests', () => asked === 2);
  limits.advance(10_000);
  await expect(slow).rejects.toMatchObject({ fault: 'timeout', sent: true });
  clock.advance(5_000);
  await expect(other).rejects.toMatchObject({ fault: 'timeout', sent: true });

  const paths: string[] = [];
  const live = await nodeServer((path, stream) => {
    paths.push(path);
    stream.on('error', () => undefined);
    if (path !== '/slow') stream.respond({ ':status': 200 }, { endStream: true });
  });
  const alive = poolTo(live.origin, clock);
  const late = exchange(alive.pool, limits, overTime);
  await waitFor('the request', () => paths.length === 1);
  limits.advance(10_000);
  await expect(late).rejects.toMatchObject({ fault: 'timeout' });
  // One for the ping, and one that closes an unused connection.
  await waitFor('the answer to the ping', () => clock.pendingTimers === 1);
  await alive.send();
  expect(live.connections()).toBe(1);
});

test('a server that never says how many requests it takes is given up', async () => {
  const clock = new AdjustableClock();
  let connections = 0;
  const server = createTls({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    connections++;
    socket.on('error', () => undefined).resume();
  });
  const { send } = poolTo(await listening(server), clock);
  const waiting = Promise.allSettled([send()]);
  await waitFor('a connection', () => connections === 1 && clock.pendingTimers === 1);
  clock.advance(5_000);
  expect(await waiting).toMatchObject([{ reason: { fault: 'timeout', sent: false } }]);
});

test('what is announced, padded, split or unknown does not confuse', async () => {
  const { origin } = await frameServer(
    (id) =>
      encodeFrame(0xfa, 0xff, id, 'unknown') +
      encodeFrame(FRAME.windowUpdate, 0, id, uint32(1)) +
      head(id, FLAG.endHeaders, '\x08\x03103') +
      head(id, FLAG.padded | FLAG.priority, '\x02\0\0\0\0\0\0\0') +
      encodeFrame(FRAME.continuation, 0, id, OK) +
      encodeFrame(FRAME.continuation, FLAG.endHeaders, id, '\x40\x01a\x01b') +
      data(id, '\x03one\0\0\0', FLAG.padded) +
      data(id, 'two') +
      head(id, FLAG.endHeaders | FLAG.endStream, '\x40\x01a\x01b'),
  );
  const { send } = poolTo(origin);
  const answer = await send();
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.body.toString()).toBe('onetwo');
});

test('a server that goes away finishes what it has begun; what it has not fails', async () => {
  const { origin } = await frameServer((id) => {
    if (id === 1) return '';
    return encodeFrame(FRAME.goAway, 0, 0, uint32(1) + uint32(0)) + whole(1);
  });
  const { send } = poolTo(origin);
  const first = send();
  const second = send();
  expect((await first).body.toString()).toBe('done');
  await expect(second).rejects.toMatchObject({ fault: 'network' });
});

test.each<[string, (id: number) => string]>([
  ['is reset', (id) => encodeFrame(FRAME.resetStream, 0, id, uint32(7))],
  ['brings what is no HTTP/2', () => 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['brings a body without a status', (id) => data(id, 'x', FLAG.endStream)],
  ['is answered with a push', (id) => encodeFrame(FRAME.pushPromise, 0, id)],
  ['brings headers that break off', (id) => head(id, 0) + data(id, 'x')],
  [
    'brings endless headers',
    (id) => head(id, 0) + encodeFrame(FRAME.continuation, 0, id, 'x'.repeat(16_000)).repeat(5),
  ],
  ['brings headers without a status', (id) => head(id, FLAG.endHeaders, '\x40\x01a\x01b')],
  ['brings more padding than payload', (id) => head(id) + data(id, '\xff', FLAG.padded)],
])('a request that %s fails', async (_, answer) => {
  const { origin } = await frameServer(answer);
  await expect(poolTo(origin).send()).rejects.toMatchObject({ fault: 'network', sent: true });
});

test('where nobody listens every request fails, and so does what comes after the end', async () => {
  const server = await nodeServer(() => undefined);
  const { pool, send } = poolTo('https://localhost:1');
  const outcomes = await Promise.allSettled([send(), send()]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ reason: { fault: 'network', sent: false } });
  }
  await pool.destroy();
  await expect(send()).rejects.toMatchObject({ fault: 'network', sent: false });

  const other = poolTo(server.origin);
  const held = other.send();
  await waitFor('a connection', () => server.connections() === 1);
  const ended = Promise.allSettled([held]);
  await other.pool.destroy();
  expect(await ended).toMatchObject([{ reason: { fault: 'network' } }]);
});

test.each([
  ['a path that would end early', { path: '/x\r\n' }],
  ['anything but a GET', { method: 'POST' as const, body: '{}' }],
])('%s is not sent', async (_, change) => {
  const { send } = poolTo('https://localhost:1');
  await expect(send(change)).rejects.toMatchObject({ fault: 'network', sent: false });
});
