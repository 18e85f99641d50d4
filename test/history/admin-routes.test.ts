import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAdmin } from '../admin/support/admin-world.ts';
import {
  accessOf,
  as,
  botObject,
  fleetObject,
  MemoryCatalog,
  memoryBackend,
} from '../admin/support/memory-backend.ts';
import { History, HOUR, NOW } from './queries/history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
  for (const namespace of ['blue', 'red']) {
    const bot = await history.bot('shop', namespace);
    const [early, late] = [NOW - 2 * HOUR, NOW - HOUR];
    const transition = { bot, session: 's', kind: 'health', clock_off: false };
    await history.insert('transitions', transition, [
      { seq: 1, at: early, from_state: 'Healthy', to_state: 'Unhealthy', cause: `of ${namespace}` },
      { seq: 2, at: late, from_state: 'Unhealthy', to_state: 'Healthy', cause: null },
    ]);
  }
  await history.run(
    `select ensure_audit_month('2026-01-01')`,
    `insert into audit_log (at, id, actor, action, namespace, object) values
      ('2026-01-30', gen_random_uuid(), 'ana', 'suspend', 'blue', 'shop'),
      ('2026-01-30', gen_random_uuid(), 'ana', 'suspend', 'red', 'shop'),
      ('2026-01-30', gen_random_uuid(), 'ana', 'reset-retries', null, null)`,
  );
});
afterAll(() => history.close());

async function open() {
  const bots = new MemoryCatalog([botObject('blue/shop'), botObject('red/shop')]);
  const backend = memoryBackend(bots, { history: () => history.reader });
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  return async (path: string, who = 'operator') => {
    const response = await fetch(`${url}/v1${path}`, { headers: as(who) });
    return { status: response.status, body: (await response.json()) as { items?: object[] } };
  };
}

test('every question to the history is answered as its schema says', async () => {
  const get = await open();
  for (const path of [
    '/bots/blue/shop/history?hours=168',
    '/bots/blue/shop/transitions?hours=24&kinds=health&kinds=token',
    '/incidents?hours=24&total=true&kinds=health',
    '/usage/summary?days=30',
    '/usage/trends?days=30&namespace=blue&name=shop',
    '/usage/errors?days=30&total=true',
    '/usage/busiest?timeZone=Europe/Berlin',
    '/usage/commands',
    '/verifications?namespace=red',
    '/audit?since=2026-01-01T00:00:00Z&text=sus&total=true',
  ]) {
    expect({ path, ...(await get(path)) }).toMatchObject({ path, status: 200 });
  }
});

test('tenants see what happened to their own bots alone, whatever they ask for', async () => {
  const get = await open();
  expect((await get('/incidents')).body.items).toHaveLength(2);
  expect((await get('/incidents', 'blue')).body.items).toMatchObject([
    { namespace: 'blue', cause: 'of blue' },
  ]);
  expect((await get('/audit')).body.items).toHaveLength(3);
  expect((await get('/audit', 'red')).body.items).toMatchObject([{ namespace: 'red' }]);
  expect((await get('/bots/blue/shop/transitions', 'blue')).body.items).toHaveLength(2);
  for (const path of [
    '/incidents?namespace=red',
    '/usage/summary?namespace=red&name=shop',
    '/usage/errors?namespace=red',
    '/verifications?namespace=red',
    '/audit?namespace=red',
  ]) {
    expect({ path, status: (await get(path, 'blue')).status }).toEqual({ path, status: 403 });
  }
  expect((await get('/bots/red/shop/history', 'blue')).status).toBe(404);
  expect((await get('/bots/red/shop/transitions', 'blue')).status).toBe(404);
});

test('pages of others can be gone on from, and show nothing of them', async () => {
  const get = await open();
  const { body } = await get('/incidents?limit=1');
  const { next } = body as { next: string };
  const page = await get(`/incidents?limit=10&after=${next}`, 'blue');
  expect(page.status).toBe(200);
  expect(JSON.stringify(page.body)).not.toContain('red');
});

test('arguments that make no sense are told', async () => {
  const get = await open();
  for (const path of [
    '/incidents?hours=0',
    '/incidents?hours=169',
    '/incidents?name=shop',
    '/incidents?after=AAAA',
    '/usage/busiest?timeZone=%2B02',
    '/audit?since=yesterday',
    '/audit?text=%00',
  ]) {
    expect({ path, status: (await get(path)).status }).toEqual({ path, status: 400 });
  }
});

test('tables hold what may be seen, row by row', async () => {
  const bots = new MemoryCatalog([botObject('blue/shop'), botObject('red/shop')]);
  const backend = memoryBackend(bots, { history: () => history.reader });
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  const rows = async (path: string, who: string) => {
    const response = await fetch(`${url}/v1/export/${path}`, { headers: as(who) });
    expect(response.status).toBe(200);
    return (await response.text()).trimEnd().split('\r\n');
  };
  expect(await rows('audit.csv', 'operator')).toHaveLength(4);
  expect(await rows('audit.csv', 'blue')).toEqual([
    'at,actor,action,namespace,object,detail',
    '2026-01-30T00:00:00.000Z,ana,suspend,blue,shop,',
  ]);
  const usage = await rows('usage.csv?days=2', 'red');
  expect(usage.length).toBeGreaterThan(24);
  expect(usage.slice(1).every((row) => row.startsWith('red,shop,'))).toBe(true);
  expect(await rows('history.csv?namespace=blue&name=shop', 'blue')).toHaveLength(1);
});

test("a chart's steps are as long as the fleet's snapshots are apart", async () => {
  const bots = new MemoryCatalog([botObject('blue/shop')]);
  const fleet = fleetObject('default');
  const fleets = new MemoryCatalog([fleet]);
  const backend = memoryBackend(bots, { fleets, history: () => history.reader });
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  const step = async (): Promise<number> => {
    const path = '/v1/bots/blue/shop/history?hours=1';
    const answer = await fetch(url + path, { headers: as('operator') });
    return ((await answer.json()) as { stepSeconds: number }).stepSeconds;
  };
  expect(await step()).toBe(600);
  fleets.put({ ...fleet, spec: { history: { snapshotSeconds: 3_600 } } });
  expect(await step()).toBe(7_200);
});

test('a chart holds until something happens to its bot', async () => {
  const shop = botObject('blue/shop');
  const bots = new MemoryCatalog([shop]);
  let asked = 0;
  const backend = memoryBackend(bots, { history: () => (asked++, history.reader) });
  const { url } = await openAdmin({}, { backend, access: accessOf() });
  const samples = async (): Promise<number> => {
    const path = '/v1/bots/blue/shop/history?hours=1';
    const answer = await fetch(url + path, { headers: as('operator') });
    const { points } = (await answer.json()) as { points: { samples: number }[] };
    return points.reduce((sum, point) => sum + point.samples, 0);
  };
  const [bot] = await history.run(`select id from bots where namespace = 'blue'`);
  expect(await samples()).toBe(0);
  await history.snapshots(Number(bot?.['id']), { at: NOW - 60_000 });
  expect(await samples()).toBe(0);
  bots.put({ ...shop, status: { handledRequests: { persist: 'now' } } });
  expect(await samples()).toBe(1);
  expect(asked).toBe(3);
});
