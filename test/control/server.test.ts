import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { PROTOCOL } from '../../src/control/messages.ts';
import { fleetSpec } from '../support/assignments.ts';
import { Leaders, newMaterial, type Replica } from './leaders.ts';
import { bot, caller, SHARD, tokenOf } from './support.ts';

const HELLO = { protocol: PROTOCOL, session: 'session-1', seq: 1, hosting: [], reports: [] };
const OTHER = { fleet: 'default', ordinal: 1 };

interface Said {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** One request, word for word. */
async function post(
  { folder }: Leaders,
  { url }: Replica,
  how: {
    readonly token?: string | undefined;
    readonly body?: unknown;
    readonly path?: string;
    readonly method?: 'GET' | 'POST';
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Said> {
  const ca = readFileSync(join(folder, 'ca.crt'), 'utf8');
  const dispatcher = new Agent({ connect: { ca } });
  const { token, body = HELLO, path = '/v1/sync', method = 'POST', headers } = how;
  const response = await request(`${url}${path}`, {
    method,
    dispatcher,
    headers: { ...(token !== undefined && { authorization: token }), ...headers },
    ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.body.text();
  await dispatcher.destroy();
  return {
    status: response.statusCode,
    headers: response.headers,
    body: JSON.parse(text) as Record<string, unknown>,
    text,
  };
}

/** A leader with a bot on each of two shards, and a pod of each. */
async function twoShards(leaders: Leaders): Promise<Replica> {
  const leader = await leaders.addReplica();
  leader.hub?.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
  leader.hub?.place(SHARD, bot('mine'));
  leader.hub?.place(OTHER, bot('theirs'));
  for (const shard of [SHARD, OTHER]) leader.hub?.complete(shard);
  await leaders.admit(caller('pod-a', SHARD));
  await leaders.admit(caller('pod-b', OTHER));
  return leader;
}

const FOREIGN: readonly [string, Parameters<typeof post>[2]][] = [
  ['its own request', {}],
  ['the other shard named in the body', { body: { ...HELLO, shard: OTHER, ordinal: 1 } }],
  ['the other shard named in the path', { path: '/v1/sync?shard=default/1' }],
  ['the other shard named as a path', { path: '/v1/sync/default/1' }],
  ['a path that climbs', { path: '/v1/../v1/sync/../../default/1' }],
  [
    'the other shard named in headers',
    {
      headers: {
        'x-shard': 'default/1',
        'x-remote-user': 'tenantbot-default-1',
      },
    },
  ],
  [
    'the other bot claimed as hosted',
    { body: { ...HELLO, hosting: [{ uid: 'theirs', epoch: 1 }] } },
  ],
  [
    'the other bot claimed as known',
    { body: { ...HELLO, have: { instance: 'instance-1', revision: 0 } } },
  ],
  ['the session of the other', { body: { ...HELLO, session: 'session-of-b' } }],
  ['two tokens', { headers: { 'proxy-authorization': 'Bearer token-pod-b' } }],
  ['a body twice over', { body: `${JSON.stringify(HELLO)}${JSON.stringify(HELLO)}` }],
];

test.each(FOREIGN)('a pod gets no bot of another shard with %s', async (_, how) => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  const theirs = { ...HELLO, session: 'session-of-b' };
  await post(leaders, leader, { token: 'Bearer token-pod-b', body: theirs });
  const said = await post(leaders, leader, { token: 'Bearer token-pod-a', ...how });
  expect(said.text).not.toContain(tokenOf('theirs'));
  expect(said.text).not.toContain('theirs@');
  if (said.status === 200) expect(said.text).toContain(tokenOf('mine'));
  expect(leaders.log.join()).not.toContain('CaNaRy');
});

test.each([
  ['no token', undefined, 'TOKEN_MISSING'],
  ['an empty token', 'Bearer ', 'TOKEN_MISSING'],
  ['another scheme', 'Basic token-pod-a', 'TOKEN_MISSING'],
  ['an unknown token', 'Bearer token-pod-z', 'TOKEN_REFUSED'],
  ['two tokens in one', 'Bearer token-pod-a, Bearer token-pod-b', 'TOKEN_MISSING'],
  ['a token in other letters', 'Bearer TOKEN-POD-A', 'TOKEN_REFUSED'],
])('who comes with %s is refused', async (_, token, code) => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  const said = await post(leaders, leader, { token });
  expect(said).toMatchObject({ status: 401, body: { status: 401, code } });
  expect(said.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'www-authenticate': 'Bearer',
  });
  expect(said.text).not.toContain('CaNaRy');
});

const report = (change: object) => ({ uid: 'mine', epoch: 1, facts: {}, ...change });

test.each([
  ['no JSON', '{"protocol": 1, "session": "123456:CaNaRy', 'BODY_NOT_JSON'],
  ['no object', '[]', 'BODY_INVALID'],
  ['no session', { ...HELLO, session: undefined }, 'BODY_INVALID'],
  ['a protocol in words', { ...HELLO, protocol: 'one' }, 'BODY_INVALID'],
  ['a negative seq', { ...HELLO, seq: -1 }, 'BODY_INVALID'],
  ['a report without facts', { ...HELLO, reports: [report({})] }, 'BODY_INVALID'],
  ['too many reports', { ...HELLO, reports: Array.from({ length: 1001 }, report) }, 'BODY_INVALID'],
])('a body with %s is refused without being quoted', async (_, body, code) => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  const said = await post(leaders, leader, { token: 'Bearer token-pod-a', body });
  expect(said).toMatchObject({ status: 400, body: { code } });
  expect(said.text).not.toContain('CaNaRy');
});

test('what is too large, somewhere else or another method is refused', async () => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  const token = 'Bearer token-pod-a';
  const large = post(leaders, leader, { token, body: 'x'.repeat(17 << 20) });
  // A client that goes on writing may see the connection end instead.
  expect(await large.then(({ status }) => status).catch(() => 413)).toBe(413);
  expect(await post(leaders, leader, { token, path: '/' })).toMatchObject({ status: 404 });
  expect(await post(leaders, leader, { token, method: 'GET' })).toMatchObject({ status: 405 });
  expect(await post(leaders, leader, { token })).toMatchObject({ status: 200 });
});

test('who does not lead names the leader and ends the connection', async () => {
  await using leaders = await Leaders.start();
  const standby = await leaders.addReplica({ leads: false });
  standby.holder = 'operator-0';
  const said = await post(leaders, standby, { token: 'Bearer token-pod-a' });
  expect(said).toMatchObject({ status: 503, body: { code: 'NOT_LEADER', holder: 'operator-0' } });
  expect(said.headers).toMatchObject({ connection: 'close' });
  standby.holder = undefined;
  expect((await post(leaders, standby)).body).not.toHaveProperty('holder');
});

test('where tokens can not be checked, nobody is let in and nobody is refused for good', async () => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  leaders.canAuthenticate = false;
  expect(await post(leaders, leader, { token: 'Bearer token-pod-a' })).toMatchObject({
    status: 503,
    body: { code: 'TOKEN_UNCHECKED' },
  });
});

test.each([
  ['this version', { oldest: 1, newest: PROTOCOL }, PROTOCOL, 200],
  ['the version before', { oldest: PROTOCOL, newest: PROTOCOL + 1 }, PROTOCOL, 200],
  ['the next version', { oldest: 1, newest: PROTOCOL }, PROTOCOL + 1, 426],
  ['a version of long ago', { oldest: PROTOCOL + 1, newest: PROTOCOL + 2 }, PROTOCOL, 426],
])('a runtime of %s is answered in words', async (_, spoken, protocol, status) => {
  await using leaders = await Leaders.start();
  const leader = await leaders.addReplica({ spoken });
  await leaders.admit(caller());
  const body = { ...HELLO, protocol, later: { field: true } };
  const said = await post(leaders, leader, { token: 'Bearer token-pod-a', body });
  expect(said.status).toBe(status);
  if (status === 426) {
    expect(said.body).toMatchObject({ code: 'PROTOCOL_NOT_SPOKEN', spoken });
    expect(said.body['detail']).toContain(`not ${protocol}; upgrade the`);
  }
});

test('TLS is 1.3 or nothing', async () => {
  await using leaders = await Leaders.start();
  const { server } = await leaders.addReplica();
  const ca = readFileSync(join(leaders.folder, 'ca.crt'), 'utf8');
  const handshake = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> =>
    new Promise((resolve) => {
      const options = { port: server.port, host: '127.0.0.1', ca, maxVersion };
      const socket = tlsConnect(options, () => {
        resolve(socket.getProtocol() ?? '');
        socket.destroy();
      });
      socket.on('error', () => resolve('refused'));
    });
  expect(await handshake('TLSv1.2')).toBe('refused');
  expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
});

test('another certificate is shown from the next connection on', async () => {
  await using leaders = await Leaders.start();
  const leader = await twoShards(leaders);
  const how = { token: 'Bearer token-pod-a' };
  expect(await post(leaders, leader, how)).toMatchObject({ status: 200 });
  leaders.material = await newMaterial();
  await expect(post(leaders, leader, how)).rejects.toThrow(/certificate/);
  await leaders.publishBundle();
  const again = { ...how, body: { ...HELLO, session: 'session-2' } };
  expect(await post(leaders, leader, again)).toMatchObject({ status: 200 });
});
