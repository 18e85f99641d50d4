import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ApiFaultProxy,
  type FrameFault,
  startApiFaultProxy,
  statusObject,
} from '../support/api-fault-proxy.ts';
import { waitFor } from '../support/wait.ts';

const FRAMES = ['1', '2', '3'].map((resourceVersion) => {
  return { type: 'ADDED', object: { kind: 'Thing', metadata: { resourceVersion } } };
});
const WATCH = '/api/v1/things?watch=true';

/** What reached the API server: method, path, body, and who asked. */
let reached: string[];
/** Runs when all of this test is over, last first. */
let stack: AsyncDisposableStack;
let proxy: ApiFaultProxy;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { authorization = 'nobody' } = request.headers;
  reached.push(`${request.method} ${request.url} ${await text(request)} by ${authorization}`);
  if (request.url !== WATCH) {
    response.end('{"kind":"Thing"}');
    return;
  }
  for (const frame of FRAMES) response.write(`${JSON.stringify(frame)}\n`);
  response.end();
}

beforeEach(async () => {
  reached = [];
  stack = new AsyncDisposableStack();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stack.defer(() => void server.close());
  proxy = await startApiFaultProxy({
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    namespace: undefined,
    proxyUrl: undefined,
    credentials: () => Promise.resolve({ headers: { Authorization: 'Bearer lent' }, tls: {} }),
  });
  stack.use(proxy);
});

afterEach(() => stack.disposeAsync());

function call(path: string, init?: RequestInit): Promise<Response> {
  return fetch(new URL(path, proxy.access.server), init);
}

/** The lines of a watch whose frame number 2 has `fault`, and whether it ended well. */
async function watchWith(fault: FrameFault): Promise<{ lines: string[]; broken: boolean }> {
  proxy.faults = {
    frame: (frame) => (frame.object.metadata.resourceVersion === '2' ? fault : undefined),
  };
  const response = await call(WATCH);
  let received = '';
  try {
    for await (const chunk of response.body ?? []) received += Buffer.from(chunk).toString();
    return { lines: received.split('\n').filter(Boolean), broken: false };
  } catch {
    return { lines: received.split('\n').filter(Boolean), broken: true };
  }
}

const whole = FRAMES.map((frame) => JSON.stringify(frame)) as [string, string, string];
const half = whole[1].slice(0, whole[1].length / 2);

test('passes everything on, with credentials for those who have none', async () => {
  const response = await call('/api/v1/things?dryRun=All', { method: 'POST', body: '{"a":1}' });
  expect(await response.json()).toEqual({ kind: 'Thing' });
  await call('/version', { headers: { authorization: 'Bearer own' } });
  const watch = await call(WATCH);
  expect((await watch.text()).split('\n').filter(Boolean)).toEqual(whole);
  expect(reached).toEqual([
    'POST /api/v1/things?dryRun=All {"a":1} by Bearer lent',
    'GET /version  by Bearer own',
    `GET ${WATCH}  by Bearer lent`,
  ]);
});

describe('a request', () => {
  test('is answered in the place of the server', async () => {
    proxy.faults = {
      request: ({ path }) =>
        path === '/version'
          ? { kind: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 }
          : undefined,
    };
    const response = await call('/version');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'TooManyRequests' });
    expect(reached).toEqual([]);
    expect((await call('/other')).status).toBe(200);
  });

  test('is cut before the server hears of it, or after', async () => {
    proxy.faults = { request: () => ({ kind: 'cut', when: 'before' }) };
    await expect(call('/version')).rejects.toThrow('fetch failed');
    expect(reached).toEqual([]);
    proxy.faults = { request: () => ({ kind: 'cut', when: 'after' }) };
    await expect(call('/version')).rejects.toThrow('fetch failed');
    expect(reached).toHaveLength(1);
  });

  test('gets half of its answer', async () => {
    proxy.faults = { request: () => ({ kind: 'truncate' }) };
    const response = await call('/version');
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('waits', async () => {
    proxy.faults = { request: () => ({ kind: 'delay', ms: 50 }) };
    const startedMs = performance.now();
    await call('/version');
    expect(performance.now() - startedMs).toBeGreaterThan(45);
  });
});

describe('a frame', () => {
  const error = { type: 'ERROR', object: statusObject(410, 'Expired') };

  test.each<[FrameFault, { lines: string[]; broken: boolean }]>([
    [{ kind: 'drop' }, { lines: [whole[0], whole[2]], broken: false }],
    [{ kind: 'end' }, { lines: [whole[0]], broken: false }],
    [{ kind: 'cut' }, { lines: [whole[0]], broken: true }],
    [{ kind: 'truncate' }, { lines: [whole[0], half], broken: false }],
    [{ kind: 'garble' }, { lines: [whole[0], half, whole[2]], broken: false }],
    [
      { kind: 'delay', ms: 1 },
      { lines: [...whole], broken: false },
    ],
    [
      { kind: 'inject', frames: [error, FRAMES[0] as object] },
      { lines: [whole[0], JSON.stringify(error), whole[0], whole[1], whole[2]], broken: false },
    ],
  ])('suffers %j', async (fault, expected) => {
    expect(await watchWith(fault)).toEqual(expected);
  });

  test('and all after it are held back until the connection is cut', async () => {
    const watching = watchWith({ kind: 'stall' });
    await waitFor('the watch', () => reached.length === 1);
    proxy.cutAll();
    expect(await watching).toEqual({ lines: [whole[0]], broken: true });
  });
});
