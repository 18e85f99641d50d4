import { expect, test } from 'vitest';
import { openAdmin } from '../support/admin-world.ts';
import {
  accessOf,
  as,
  botObject,
  fleetObject,
  MemoryCatalog,
  memoryBackend,
} from '../support/memory-backend.ts';

const ILL = {
  phase: 'Running' as const,
  health: {
    state: 'Unhealthy' as const,
    errorRate: 80,
    avgResponseMs: 120,
    consecutiveFailures: 7,
    rateLimited: 1,
    lastError: 'Bad Gateway',
  },
  breaker: { state: 'Open' as const, failures: 7, openedAt: '2026-01-01T00:00:00Z' },
  cooldown: { since: '2026-01-01T00:00:00Z', until: '2999-01-01T00:00:00Z' },
};

const BOTS = [
  botObject('blue/one', { phase: 'Running', token: { state: 'Valid', message: '' } }),
  botObject('blue/two', ILL),
  botObject('red/three', ILL),
];

async function open() {
  const fleets = new MemoryCatalog([
    fleetObject('default', {
      shards: 2,
      perShard: [
        { shard: 0, ready: true, bots: 3 },
        { shard: 1, ready: false, bots: 0 },
      ],
      rates: { perSecond: 30, granted: 30, used: 4, shards: [{ shard: 0, granted: 20, used: 4 }] },
    }),
  ]);
  const backend = memoryBackend(new MemoryCatalog(BOTS), { fleets });
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  const get = async (path: string, who = 'operator') => {
    const response = await fetch(`${url}/v1${path}`, { headers: as(who) });
    return { status: response.status, body: (await response.json()) as never };
  };
  return { get };
}

const keys = ({ items }: { readonly items: readonly { namespace: string; name: string }[] }) =>
  items.map(({ namespace, name }) => `${namespace}/${name}`);

test('who may list all bots sees them all, others those of their namespaces', async () => {
  const { get } = await open();
  expect(keys((await get('/bots')).body)).toEqual(['blue/one', 'blue/two', 'red/three']);
  expect(keys((await get('/bots', 'blue')).body)).toEqual(['blue/one', 'blue/two']);
  expect(keys((await get('/bots?sort=-errorPercent&limit=1', 'blue')).body)).toEqual(['blue/two']);
  expect(keys((await get('/bots?search=three', 'blue')).body)).toEqual([]);
  expect(keys((await get('/health/unhealthy', 'blue')).body)).toEqual(['blue/two']);
  expect(keys((await get('/breakers', 'red')).body)).toEqual(['red/three']);
  expect((await get('/health/summary', 'red')).body).toMatchObject({ bots: 1, unwell: 1 });
  expect(await get('/bots?namespace=red', 'blue')).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN', detail: expect.stringContaining('in namespace red') },
  });
});

test("another's bot and one that is not there look the same, whatever of it is asked", async () => {
  const { get } = await open();
  for (const what of ['', '/health', '/breaker', '/token']) {
    const others = await get(`/bots/red/three${what}`, 'blue');
    const none = await get(`/bots/red/none${what}`, 'blue');
    expect(others.status).toBe(404);
    expect(JSON.stringify(others).replaceAll('three', 'none')).toBe(JSON.stringify(none));
  }
  expect((await get('/bots/red/three', 'red')).status).toBe(200);
});

test('one bot, from all sides', async () => {
  const { get } = await open();
  expect((await get('/bots/red/three')).body).toMatchObject({
    namespace: 'red',
    health: 'Unhealthy',
    shard: null,
    status: { breaker: { state: 'Open' } },
  });
  expect((await get('/bots/red/three/health')).body).toMatchObject({
    health: 'Unhealthy',
    consecutiveFailures: 7,
    lastError: 'Bad Gateway',
  });
  expect((await get('/bots/red/three/breaker')).body).toMatchObject({ state: 'Open', failures: 7 });
  expect((await get('/bots/blue/one/token')).body).toMatchObject({ state: 'Valid', bot: null });
});

test('fleets with shards and rates, for those who may see them', async () => {
  const { get } = await open();
  expect((await get('/shards')).body).toMatchObject({
    items: [
      {
        name: 'default',
        perShard: [
          { shard: 0, ready: true, granted: 20 },
          { shard: 1, ready: false, granted: null },
        ],
      },
    ],
  });
  expect((await get('/rates')).body).toMatchObject({
    fleets: [{ name: 'default', perSecond: 30, used: 4 }],
    cooldowns: { items: [{ name: 'two' }, { name: 'three' }], total: 2 },
    coldStarts: { items: [] },
  });
  expect((await get('/rates', 'blue')).status).toBe(403);
  expect((await get('/shards', 'blue')).status).toBe(403);
});

test('what makes no sense is told apart from what is not there', async () => {
  const { get } = await open();
  for (const path of [
    '/bots?limit=0',
    '/bots?limit=1001',
    '/bots?limit=ten',
    '/bots?sort=password',
    '/bots?after=%00',
    '/bots?health=Fine',
    '/bots?namespace=..%2F..',
    `/bots?search=${'x'.repeat(101)}`,
    '/bots/red/..%2F..%2Fx',
    '/bots/red/%E2%80%AEevil',
    '/bots/red/%3Cb%3E',
  ]) {
    expect({ path, status: (await get(path)).status }).toEqual({ path, status: 400 });
  }
});

test('bots as a table, in which nothing is run as a formula', async () => {
  const evil = { id: 1, username: 'x_bot', name: 'x' };
  const bots = [
    botObject('blue/one', { bot: { ...evil, username: '=HYPERLINK("http://evil.example")' } }),
    botObject('blue/two', {
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'Crashed',
          message: '@SUM(1,1)\nnext line',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    }),
    botObject('red/three'),
  ];
  const backend = memoryBackend(new MemoryCatalog(bots));
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  const of = (path: string) => fetch(`${url}/v1/export/${path}`, { headers: as('blue') });
  const response = await of('bots.csv');
  expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
  expect(response.headers.get('content-disposition')).toContain('filename="bots.csv"');
  const text = await response.text();
  expect(text).toMatch(/^namespace,name,fleet,/);
  expect(text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  expect(text).toContain(`"'@SUM(1,1)\nnext line"`);
  expect(text).not.toContain('red');
  expect(await (await of('bots.csv?search=none')).text()).toMatch(/^[^\n]*\r\n$/);
  expect((await of('bots.csv?namespace=red')).status).toBe(403);
  expect((await of('history.csv')).status).toBe(503);
  expect((await of('history.csv?name=one')).status).toBe(400);
});

test('the process that answers tells what it takes, to those who may see the fleets', async () => {
  const { get } = await open();
  expect((await get('/system')).body).toMatchObject({ mode: 'cluster', bots: 3, fleets: 1 });
  expect((await get('/system', 'blue')).status).toBe(403);
});
