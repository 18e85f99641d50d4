import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { KubeObject, Manifest } from '../../src/kube/resource.ts';
import { CONFIG_MAPS, NAMESPACES, PODS } from '../../src/kube/well-known.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { waitFor } from '../support/wait.ts';
import { collect } from './collect.ts';
import { clientOf, openAccess, reply, replyError, serve } from './local-server.ts';

const REF = { namespace: 'team-a', name: 'x' };
const PATH = '/api/v1/namespaces/team-a/configmaps/x';

function configMap(data: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: REF, data };
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error,
  );
}

describe('requests of HttpKubeClient', () => {
  it('go where the API server serves them, in the form that it reads', async () => {
    const server = await serve((_request, response) => reply(response, 200, { items: [] }));
    const client = clientOf(new URL('/base/', server.url));
    const written = { fieldManager: 'me', dryRun: true } as const;
    await client.get(CONFIG_MAPS, REF);
    await client.get(NAMESPACES, { name: 'a b/c' });
    await client.list(PODS, {
      labelSelector: 'a=b,c',
      limit: 5,
      continue: 't',
      metadataOnly: true,
    });
    await client.create(CONFIG_MAPS, configMap(), written);
    await client.replace(CONFIG_MAPS, configMap(), { subresource: 'status' });
    await client.mergePatch(CONFIG_MAPS, REF, { data: null });
    await client.apply(CONFIG_MAPS, configMap(), { fieldManager: 'me', force: true });
    await client.delete(CONFIG_MAPS, REF, { preconditions: { uid: 'u' } });
    await client.getPath('/version');
    const seen = server.received.map(({ method, path, headers, body }) =>
      [method, path, headers['content-type'] ?? headers.accept, body].join(' '),
    );
    const sent = JSON.stringify(configMap());
    expect(seen).toEqual([
      `GET /base${PATH} application/json `,
      'GET /base/api/v1/namespaces/a%20b%2Fc application/json ',
      'GET /base/api/v1/pods?labelSelector=a%3Db%2Cc&limit=5&continue=t ' +
        'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList ',
      `POST /base/api/v1/namespaces/team-a/configmaps?fieldManager=me&dryRun=All application/json ${sent}`,
      `PUT /base${PATH}/status application/json ${sent}`,
      `PATCH /base${PATH} application/merge-patch+json {"data":null}`,
      `PATCH /base${PATH}?fieldManager=me&force=true application/apply-patch+yaml ${sent}`,
      `DELETE /base${PATH} application/json {"preconditions":{"uid":"u"}}`,
      'GET /base/version application/json ',
    ]);
    expect(server.received[0]?.headers['user-agent']).toBe('test');
  });

  it.each(['', '.', '..'])('never leave the path of their object: name %j', async (name) => {
    const server = await serve((_request, response) => reply(response, 200, {}));
    const failure = await failureOf(clientOf(server.url).get(CONFIG_MAPS, { ...REF, name }));
    expect(failure).toMatchObject({ kind: 'input' });
    expect(server.received).toEqual([]);
  });

  it('take turns on few connections, while each watch has its own', async () => {
    const held: (() => void)[] = [];
    const server = await serve(({ path }, response) => {
      if (path.includes('watch=true')) response.writeHead(200).flushHeaders();
      else held.push(() => reply(response, 200, {}));
    });
    const client = clientOf(server.url, { connections: 1 });
    const leave = new AbortController();
    const watches = [1, 2, 3].map(async () => {
      const options = { resourceVersion: '1', timeoutSeconds: 60, signal: leave.signal };
      for await (const _event of client.watch(PODS, options)) expect.unreachable();
    });
    await waitFor('three watches', () => server.received.length === 3);
    const calls = [client.get(CONFIG_MAPS, REF), client.get(CONFIG_MAPS, REF)];
    await waitFor('the first call', () => held.length === 1);
    held[0]?.();
    await waitFor('the second call', () => held.length === 2);
    held[1]?.();
    await Promise.all(calls);
    expect(new Set(server.received.map(({ socket }) => socket)).size).toBe(4);
    leave.abort(new Error('left'));
    for (const watch of watches) await expect(watch).rejects.toThrow('left');
  });
});

describe('an election', () => {
  it('waits for no connection that a slow call holds', async () => {
    const server = await serve(({ path }, response) => {
      if (path !== PATH) reply(response, 200, {});
    });
    const client = clientOf(server.url, { connections: 1 });
    const leave = new AbortController();
    const slow = failureOf(client.get(CONFIG_MAPS, REF, { signal: leave.signal }));
    await waitFor('the slow call', () => server.received.length === 1);
    await client.get(NAMESPACES, { name: 'x' }, { priority: 'election' });
    leave.abort(new Error('left'));
    await slow;
  });
});

describe('a closed client', () => {
  it('ends what is under way and sends nothing any more', async () => {
    const server = await serve(() => undefined);
    const client = clientOf(server.url);
    const call = failureOf(client.get(CONFIG_MAPS, REF));
    await waitFor('the call', () => server.received.length === 1);
    await client.close();
    expect(await call).toMatchObject({ code: 'KUBE_CLIENT_CLOSED' });
    expect(server.received).toHaveLength(1);
  });
});

describe('answers to HttpKubeClient', () => {
  it('that are errors keep the words and the code of the server', async () => {
    const causes = [{ field: 'spec.a', message: 'is bad' }];
    const server = await serve((_request, response) =>
      reply(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: 'no 123456:abcdefghijklmnopqrstuvwxyz0123456789 please',
        details: { causes },
      }),
    );
    expect(await failureOf(clientOf(server.url).create(CONFIG_MAPS, configMap()))).toMatchObject({
      message: 'create configmaps team-a/x: no [secret] please',
      status: 422,
      reason: 'Invalid',
      code: 'KUBE_INVALID',
      causes,
    });
  });

  it("that come from something else than an API server are told by status and the page's start", async () => {
    const page = `<h1>no upstream</h1>${'x'.repeat(1000)}`;
    const server = await serve((_request, response) => response.writeHead(502).end(page));
    const failure = await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF));
    expect(failure).toMatchObject({ status: 502, code: 'KUBE_502' });
    expect(String(failure)).toMatch(/get configmaps team-a\/x: <h1>no upstream.{0,200}$/);
  });

  it('that are no JSON are not quoted', async () => {
    const server = await serve((_request, response) => response.end('{"data":{"token":"s3cret"'));
    const failure = await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF));
    expect(failure).toMatchObject({ code: 'KUBE_ANSWER_BROKEN' });
    expect(String(failure)).not.toContain('s3cret');
  });

  it('may say that what is to be deleted has gone', async () => {
    const server = await serve((_request, response) => replyError(response, 404, 'NotFound'));
    await clientOf(server.url).delete(CONFIG_MAPS, REF);
    expect(await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF))).toMatchObject({
      status: 404,
    });
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('is obeyed on %i', async (status) => {
    const clock = new AdjustableClock();
    const server = await serve((_request, response) => {
      if (server.received.length > 1) reply(response, 200, { data: {} });
      else replyError(response.setHeader('retry-after', '7'), status, 'TooManyRequests');
    });
    const call = clientOf(server.url, { clock }).create(CONFIG_MAPS, configMap());
    await waitFor('the pause', () => server.received.length === 1 && clock.pendingTimers === 1);
    await clock.advanceAsync(6999);
    expect(server.received).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(await call).toEqual({ data: {} });
  });

  it('is given up on after ten times', async () => {
    const server = await serve((_request, response) =>
      replyError(response.setHeader('retry-after', '0'), 429, 'TooManyRequests'),
    );
    const failure = await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF));
    expect(failure).toMatchObject({ status: 429 });
    expect(server.received).toHaveLength(11);
  });

  it('is waited for within the signal of the call only', async () => {
    const server = await serve((_request, response) =>
      replyError(response.setHeader('retry-after', '3600'), 429, 'TooManyRequests'),
    );
    const leave = new AbortController();
    const call = failureOf(clientOf(server.url).get(CONFIG_MAPS, REF, { signal: leave.signal }));
    await waitFor('the answer', () => server.received.length === 1);
    leave.abort(new Error('left'));
    expect(await call).toMatchObject({ message: 'left' });
  });

  it('is not made up where the server names none', async () => {
    const server = await serve((_request, response) => replyError(response, 503, 'Unavailable'));
    await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF));
    expect(server.received).toHaveLength(1);
  });
});

/** A server that loses the answer to the first write, after or before it was carried out. */
async function losing(carriedOut: boolean, live: KubeObject & { data?: object }) {
  let stored: object | undefined;
  const server = await serve(({ method, socket }, response) => {
    const writes = server.received.filter((request) => request.method !== 'GET').length;
    if (method === 'GET') reply(response, 200, live);
    else if (writes === 1) {
      if (carriedOut) stored = live;
      socket.destroy();
    } else if (stored) replyError(response, 409, method === 'POST' ? 'AlreadyExists' : 'Conflict');
    else reply(response, 201, live);
  });
  return server;
}

describe('a connection that is lost after sending', () => {
  const LIVE = { ...configMap({ a: '1', b: '2' }), metadata: { ...REF, uid: 'u' } } as never;

  it.each([true, false])('does not hide what create has done (carried out: %s)', async (done) => {
    const server = await losing(done, LIVE);
    const client = clientOf(server.url);
    expect(await client.create(CONFIG_MAPS, configMap({ a: '1' }))).toEqual(LIVE);
    const methods = server.received.map(({ method }) => method);
    expect(methods).toEqual(done ? ['POST', 'POST', 'GET'] : ['POST', 'POST']);
  });

  it('does not pass a foreign object off as the one that was created', async () => {
    const server = await losing(true, LIVE);
    const call = clientOf(server.url).create(CONFIG_MAPS, configMap({ a: 'other' }));
    expect(await failureOf(call)).toMatchObject({ reason: 'AlreadyExists' });
  });

  it('leaves it to the caller to read anew after a conditional write', async () => {
    const server = await losing(true, LIVE);
    const call = clientOf(server.url).replace(CONFIG_MAPS, configMap());
    expect(await failureOf(call)).toMatchObject({ reason: 'Conflict' });
  });

  it('is named with its host when it is lost for good', async () => {
    const server = await serve(({ socket }) => socket.destroy());
    const failure = await failureOf(clientOf(server.url).get(CONFIG_MAPS, REF));
    expect(server.received).toHaveLength(4);
    expect(failure).toMatchObject({
      kind: 'environment',
      code: 'KUBE_UNREACHABLE',
      message: `get configmaps team-a/x: the API server at ${server.url.host} cannot be reached: the connection broke`,
    });
  });
});

describe('the time that a call takes', () => {
  it('ends at its deadline', async () => {
    const server = await serve((_request, response) => response.writeHead(200).write('{'));
    const call = clientOf(server.url, { timeoutMs: 50 }).get(CONFIG_MAPS, REF);
    expect(await failureOf(call)).toMatchObject({ code: 'KUBE_TIMEOUT', kind: 'environment' });
    expect(server.received).toHaveLength(1);
  });

  it('ends with its signal, whose reason it tells', async () => {
    const server = await serve(() => undefined);
    const leave = new AbortController();
    const call = failureOf(clientOf(server.url).get(CONFIG_MAPS, REF, { signal: leave.signal }));
    await waitFor('the request', () => server.received.length === 1);
    leave.abort(new Error('left'));
    expect(await call).toMatchObject({ message: 'left' });
    await waitFor('the end of the connection', () => server.received[0]?.socket.destroyed);
  });

  it('is short where nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const client = clientOf(new URL(`http://127.0.0.1:${port}`));
    expect(await failureOf(client.get(CONFIG_MAPS, REF))).toMatchObject({
      code: 'KUBE_UNREACHABLE',
      message: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${port}`) as string,
    });
  });

  it('counts from sending, not while others go first', async () => {
    const server = await serve((_request, response) => reply(response, 200, {}));
    const clock = new AdjustableClock({ base: systemClock });
    const client = clientOf(server.url, { clock, rate: { perSecond: 0.001, burst: 1 } });
    await client.get(CONFIG_MAPS, REF);
    const waiting = client.get(CONFIG_MAPS, REF, { priority: 'routine' });
    await client.get(CONFIG_MAPS, REF, { priority: 'election' });
    clock.advance(1_000_000);
    await waiting;
    expect(server.received).toHaveLength(3);
  });
});

describe('a watch', () => {
  const OPTIONS = { resourceVersion: '1', timeoutSeconds: 60 };
  const FRAME = '{"type":"ADDED","object":{"metadata":{}}}\n';

  it('frees its connection as soon as its reader leaves', async () => {
    const server = await serve((_request, response) => response.writeHead(200).write(FRAME));
    for await (const _event of clientOf(server.url).watch(PODS, OPTIONS)) break;
    await waitFor('the end of the connection', () => server.received[0]?.socket.destroyed);
  });

  it('outlives the deadline of a call', async () => {
    let send: (() => void) | undefined;
    const clock = new AdjustableClock({ base: systemClock });
    const server = await serve((_request, response) => {
      response.writeHead(200).write(FRAME);
      send = () => response.end(FRAME);
    });
    const events: unknown[] = [];
    for await (const event of clientOf(server.url, { clock }).watch(PODS, OPTIONS)) {
      events.push(event);
      clock.advance(3_600_000);
      send?.();
    }
    expect(events).toHaveLength(2);
  });

  it('rejects where the connection breaks, and where it is refused', async () => {
    const server = await serve((request, response) => {
      if (server.received.length === 1)
        response.writeHead(200).write(FRAME, () => request.socket.destroy());
      else replyError(response, 410, 'Expired');
    });
    const client = clientOf(server.url);
    const read = () => failureOf(collect(client.watch(PODS, OPTIONS)));
    expect(await read()).toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(await read()).toMatchObject({ status: 410, reason: 'Expired' });
  });
});

describe('credentials', () => {
  it('are asked for before every call, and shown by no error', async () => {
    let turn = 0;
    const server = await serve(({ socket }) => socket.destroy());
    const access = {
      ...openAccess(server.url),
      credentials: () =>
        Promise.resolve({ headers: { authorization: `Bearer s3cret-${++turn}` }, tls: {} }),
    };
    const failure = await failureOf(clientOf(server.url, { access }).get(CONFIG_MAPS, REF));
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(
      [1, 2, 3, 4].map((call) => `Bearer s3cret-${call}`),
    );
    for (let error = failure; error instanceof Error; error = error.cause) {
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('s3cret');
    }
  });
});
