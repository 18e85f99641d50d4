import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { BotObject, BotWriter } from '../../../src/admin/backend.ts';
import { mergePatch } from '../../../src/lib/merge-patch.ts';
import { waitFor } from '../../support/wait.ts';
import { openAdmin } from '../support/admin-world.ts';
import {
  accessOf,
  as,
  botObject,
  fleetObject,
  MemoryCatalog,
  memoryBackend,
} from '../support/memory-backend.ts';

const RUNNING = { phase: 'Running' as const };
const FLUX = {
  'kustomize.toolkit.fluxcd.io/name': 'apps',
  'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
};

/** Bots that do what they are asked as soon as they are. */
function obedient(bots: MemoryCatalog<BotObject>, writers: string[]): BotWriter {
  return {
    async patch(caller, name, patch) {
      writers.push(caller.name);
      const bot = bots.get(name) as BotObject;
      const changed = mergePatch(bot, patch) as BotObject;
      bots.put(changed);
      return changed;
    },
    async create(caller, manifest) {
      writers.push(caller.name);
      const { metadata, spec } = manifest as { metadata: BotObject['metadata']; spec: object };
      const bot = botObject(`${metadata.namespace}/${metadata.name}`, {}, { spec });
      bots.put(bot);
      return bot;
    },
    async ask(name, request, value) {
      const bot = bots.get(name) as BotObject;
      const token = { state: 'Valid' as const, message: '' };
      const handledRequests = { ...bot.status.handledRequests, [request]: value };
      bots.put({ ...bot, status: { ...bot.status, token, handledRequests } });
    },
  };
}

async function open(apiRoot = 'http://127.0.0.1:1') {
  const bots = new MemoryCatalog([
    botObject('blue/one', RUNNING),
    botObject('blue/two', RUNNING, { metadata: { labels: FLUX } }),
    botObject('red/three', RUNNING),
    botObject('red/four', { phase: 'Suspended' }),
  ]);
  const audit: object[] = [];
  const writers: string[] = [];
  const counted = { since: '2026-01-01T00:00:00Z', retries: [] };
  const resets: string[] = [];
  const backend = memoryBackend(bots, {
    fleets: new MemoryCatalog([fleetObject('default')]),
    writer: obedient(bots, writers),
    retries: { snapshot: () => counted, reset: () => void resets.push('reset') },
    telegramOf: () => ({ apiRoot }),
    audit: (entry) => void audit.push(entry),
  });
  const { url, lines } = await openAdmin({}, { backend, access: accessOf() });
  const send = async (method: string, path: string, body?: object, who = 'operator') => {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: { ...as(who), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as never };
  };
  return { send, bots, audit, writers, resets, lines };
}

test('specs are changed with the rights of who asks, and the change is kept', async () => {
  const { send, audit, writers } = await open();
  expect(await send('POST', '/bots/blue/one/suspend', undefined, 'blue')).toMatchObject({
    status: 200,
    body: { bot: { suspended: true, manager: null } },
  });
  expect(await send('POST', '/bots/blue/one/resume', undefined, 'blue')).toMatchObject({
    body: { bot: { suspended: false } },
  });
  const change = { limits: { burst: 3 } };
  expect(await send('PATCH', '/bots/blue/two', change, 'blue')).toMatchObject({
    status: 200,
    body: {
      bot: { spec: { limits: { burst: 3 } } },
      warning: expect.stringContaining('Flux (flux-system/apps)'),
    },
  });
  const made = { namespace: 'blue', name: 'new', spec: { handlers: [] } };
  expect(await send('POST', '/bots', made, 'blue')).toMatchObject({
    status: 201,
    body: { bot: { name: 'new' } },
  });
  expect(writers).toEqual(['blue', 'blue', 'blue', 'blue']);
  expect(audit).toMatchObject([
    { actor: 'blue', action: 'suspend', namespace: 'blue', object: 'one' },
    { action: 'resume' },
    { action: 'change', object: 'two', detail: change },
    { action: 'create', object: 'new' },
  ]);
});

test('what somebody may not do is not done: 404 for the bots of others, 403 for the rest', async () => {
  const { send, audit, writers } = await open();
  const statuses = await Promise.all([
    send('POST', '/bots/red/three/suspend', undefined, 'blue'),
    send('POST', '/bots/red/three/restart', undefined, 'blue'),
    send('PATCH', '/bots/red/three', { suspended: true }, 'blue'),
    send('POST', '/bots', { namespace: 'red', name: 'x', spec: {} }, 'blue'),
    send('POST', '/breakers/reset?namespace=red', undefined, 'blue'),
    send('POST', '/retries/reset', undefined, 'blue'),
    send('POST', '/tokens/validate', { token: 'x' }, 'blue'),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 403, 403, 403, 403]);
  expect([...audit, ...writers]).toEqual([]);
});

test('bots are asked for what no spec says', async () => {
  const { send, bots, audit } = await open();
  for (const [path, request, action] of [
    ['persist', 'persist', 'persist'],
    ['breaker/reset', 'resetBreaker', 'reset-breaker'],
    ['token/check', 'checkToken', 'check-token'],
    ['restart', 'restart', 'restart'],
  ] as const) {
    const { status, body } = await send('POST', `/bots/blue/one/${path}`, undefined, 'blue');
    expect({ status, body }).toMatchObject({ status: 202, body: { request } });
    const { value } = body as { value: string };
    const bot = bots.get({ namespace: 'blue', name: 'one' });
    expect(bot?.status.handledRequests?.[request]).toBe(value);
    expect(audit.at(-1)).toMatchObject({ actor: 'blue', action, object: 'one' });
  }
});

test('many bots are asked by a job, which tells how far it is to who began it', async () => {
  const { send } = await open();
  const { status, body } = await send('POST', '/tokens/check-all');
  expect(status).toBe(202);
  const { id } = body as { id: string };
  const job = await waitFor('the end of the job', async () => {
    const { body } = await send('GET', `/jobs/${id}`);
    return (body as { state: string }).state === 'Done' ? body : undefined;
  });
  expect(job).toMatchObject({ total: 4, done: 3, failed: 1, tokens: { Valid: 3 } });
  expect((await send('GET', `/jobs/${id}`, undefined, 'blue')).status).toBe(404);
  expect((await send('GET', '/jobs/none')).status).toBe(404);
  const own = await send('POST', '/breakers/reset?namespace=blue', undefined, 'blue');
  const resetId = (own.body as { id: string }).id;
  await waitFor('the other job', async () => {
    const { body } = await send('GET', `/jobs/${resetId}`, undefined, 'blue');
    return (body as { done: number }).done === 2;
  });
});

test('a token is shown to Telegram and to nobody else', async () => {
  const asked: string[] = [];
  const telegram = createServer((request, response) => {
    asked.push(request.url ?? '');
    const isKnown = request.url?.includes('12345:known') === true;
    const bot = { id: 12345, is_bot: true, first_name: 'Shop', username: 'shop_bot' };
    const refusal = { ok: false, error_code: 401, description: 'Unauthorized' };
    response.end(JSON.stringify(isKnown ? { ok: true, result: bot } : refusal));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void telegram.close());
  await waitFor('the server', () => telegram.listening);
  const { port } = telegram.address() as AddressInfo;
  const { send, lines, audit } = await open(`http://127.0.0.1:${port}`);
  const known = `12345:known${'x'.repeat(30)}`;
  expect(await send('POST', '/tokens/validate', { token: known })).toEqual({
    status: 200,
    body: { state: 'Valid', message: '', bot: { id: 12345, username: 'shop_bot', name: 'Shop' } },
  });
  const other = `12345:other${'x'.repeat(30)}`;
  expect((await send('POST', '/tokens/validate', { token: other })).body).toMatchObject({
    state: 'Unauthorized',
    bot: null,
  });
  expect((await send('POST', '/tokens/validate', { token: 'none' })).body).toMatchObject({
    state: 'InvalidFormat',
  });
  expect(asked).toEqual([`/bot${known}/getMe`, `/bot${other}/getMe`]);
  expect(JSON.stringify([lines, audit])).not.toContain('known');
  telegram.closeAllConnections();
  telegram.close();
  expect((await send('POST', '/tokens/validate', { token: known })).body).toMatchObject({
    state: 'NetworkError',
  });
});

test('retries are read, and counted anew', async () => {
  const { send, resets, audit } = await open();
  expect((await send('GET', '/retries')).status).toBe(200);
  expect(resets).toEqual([]);
  expect((await send('POST', '/retries/reset')).status).toBe(200);
  expect(resets).toEqual(['reset']);
  expect(audit).toMatchObject([{ action: 'reset-retries' }]);
});

test('bodies that make no sense change nothing', async () => {
  const { send, audit } = await open();
  for (const [method, path, body] of [
    ['PATCH', '/bots/blue/one', {}],
    ['PATCH', '/bots/blue/one', { suspended: 'yes' }],
    ['PATCH', '/bots/blue/one', { limits: { burst: 0 } }],
    ['PATCH', '/bots/blue/one', { token: 'x' }],
    ['POST', '/bots', { namespace: 'blue', name: '../../x', spec: {} }],
    ['POST', '/bots', { namespace: 'blue', name: '\u202Egnp.exe', spec: {} }],
    ['POST', '/bots', { namespace: 'blue', name: '<img src=x onerror=alert(1)>', spec: {} }],
    ['POST', '/bots', { namespace: '../kube-system', name: 'x', spec: {} }],
    ['POST', '/tokens/validate', { token: '' }],
    ['POST', '/tokens/validate', { token: 'x'.repeat(300) }],
  ] as const) {
    const { status } = await send(method, path, body);
    expect({ body, status }).toEqual({ body, status: 400 });
  }
  expect(audit).toEqual([]);
});

test('what was can be asked for only while a history is there', async () => {
  const { send } = await open();
  for (const path of ['/incidents', '/usage/summary', '/audit', '/bots/blue/one/history']) {
    expect(await send('GET', path)).toMatchObject({ status: 503, body: { code: 'HISTORY_AWAY' } });
  }
});
