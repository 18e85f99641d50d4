import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { Pool } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Carrier } from '../../../src/runtime/transport/carrier.ts';
import { type ExchangeRequest, exchange } from '../../../src/runtime/transport/exchange.ts';
import { Http1Pool } from '../../../src/runtime/transport/http1-pool.ts';
import { connectTo } from './connect-to.ts';
import { deadOrigin, hostileServer } from './hostile-server.ts';

const pools: { destroy(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.destroy()));
});

const REQUEST: ExchangeRequest = {
  path: '/bot1:secret/getMe',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
  timeoutMs: 5_000,
  maxBytes: 1_000,
};

function undiciTo(origin: string): Pool {
  const pool = new Pool(origin, { connections: 1 });
  pools.push(pool);
  return pool;
}

function ownTo(origin: string): Http1Pool {
  const pool = new Http1Pool({
    origin: new URL(origin),
    connect: connectTo(origin),
    clock: systemClock,
    maxConnections: 1,
    keepAliveMs: 1_000,
  });
  pools.push(pool);
  return pool;
}

describe.each<[string, (origin: string) => Carrier]>([
  ["undici's pool", undiciTo],
  ['our own', ownTo],
])('an exchange over %s', (_, poolTo) => {
  const send = async (listener: RequestListener, change: Partial<ExchangeRequest> = {}) => {
    await using server = await hostileServer(listener);
    return await exchange(poolTo(server.origin), systemClock, { ...REQUEST, ...change });
  };

  test('brings the whole answer, in however many pieces it comes', async () => {
    const answer = await send((request, response) => {
      response.writeHead(418);
      request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end('done'));
    });
    expect(answer.status).toBe(418);
    expect(answer.body.toString()).toBe('{}done');
  });

  test('follows no redirect', async () => {
    const answer = await send((_, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    });
    expect(answer).toMatchObject({ status: 302, body: Buffer.alloc(0) });
  });

  test.each<[string, RequestListener, Partial<ExchangeRequest>, object]>([
    ['is reset', (request) => request.socket.destroy(), {}, { fault: 'network', sent: true }],
    [
      'breaks off within the answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => request.socket.destroy());
      },
      {},
      { fault: 'network', sent: true },
    ],
    [
      'brings too much',
      (_, response) => response.end('x'.repeat(1_001)),
      {},
      { fault: 'too-large', sent: true },
    ],
    [
      'brings what is no HTTP',
      (request) => request.socket.end('hello\r\n\r\n'),
      {},
      { fault: 'network', sent: true },
    ],
    ['never ends', () => undefined, { timeoutMs: 30 }, { fault: 'timeout', sent: true }],
    [
      'stalls within the answer',
      (_, response) => void response.writeHead(200).write('half'),
      { timeoutMs: 100 },
      { fault: 'timeout', sent: true },
    ],
  ])('that %s is an error', async (_, listener, change, expected) => {
    await expect(send(listener, change)).rejects.toMatchObject(expected);
  });

  test('with nobody there was never sent', async () => {
    const pool = poolTo(await deadOrigin());
    await expect(exchange(pool, systemClock, REQUEST)).rejects.toMatchObject({
      fault: 'network',
      sent: false,
      message: 'the connection failed or broke off (ECONNREFUSED)',
    });
  });

  test('is bounded while it waits for a connection, and then never sent', async () => {
    const paths: (string | undefined)[] = [];
    await using server = await hostileServer(({ url }, response) => {
      paths.push(url);
      if (url === '/last') response.end();
    });
    const pool = poolTo(server.origin);
    const send = (path: string, timeoutMs: number) =>
      exchange(pool, systemClock, { ...REQUEST, path, timeoutMs });
    const first = send('/first', 150);
    const queued = send('/queued', 30);
    const last = send('/last', 5_000);
    await expect(queued).rejects.toMatchObject({ fault: 'timeout', sent: false });
    await expect(first).rejects.toMatchObject({ fault: 'timeout', sent: true });
    await last;
    expect(paths).toEqual(['/first', '/last']);
  });

  test('ends at once when its signal aborts, before or while it runs', async () => {
    const reached = Promise.withResolvers<void>();
    await using server = await hostileServer(() => reached.resolve());
    const pool = poolTo(server.origin);
    const stop = new AbortController();
    const running = exchange(pool, systemClock, { ...REQUEST, signal: stop.signal });
    await reached.promise;
    stop.abort();
    await expect(running).rejects.toMatchObject({ fault: 'aborted', sent: true });
    const late = exchange(pool, systemClock, { ...REQUEST, signal: stop.signal });
    await expect(late).rejects.toMatchObject({ fault: 'aborted', sent: false });
  });

  test('leaves no timer behind, and never shows its path', async () => {
    const clock = new AdjustableClock();
    await using server = await hostileServer((request) => request.socket.destroy());
    const failed = await exchange(poolTo(server.origin), clock, REQUEST).catch(
      (error: unknown) => error,
    );
    expect(clock.pendingTimers).toBe(0);
    expect(inspect(failed, { depth: 10, showHidden: true })).not.toContain('secret');
  });
});
