import { afterAll, beforeAll, expect, test } from 'vitest';
import { fleetSummary } from '../../../src/history/queries/fleet-summary.ts';
import { unhealthyBots } from '../../../src/history/queries/unhealthy-bots.ts';
import { DAY, History, HOUR, MINUTE, NOW } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
  const [well, ill, dead, silent, gone] = [
    await history.bot('well'),
    await history.bot('ill'),
    await history.bot('dead', 'b'),
    await history.bot('silent', 'b'),
    await history.bot('gone', 'b', { created_at: NOW - 3 * DAY, deleted_at: NOW - HOUR }),
  ];
  const bad = { health: 'Unhealthy', breaker: 'Open', error_percent: 60 };
  await history.snapshots(
    well,
    { at: NOW - 20 * MINUTE, avg_response_ms: 999, ...bad },
    { at: NOW - 10 * MINUTE, avg_response_ms: 100 },
    { at: NOW + MINUTE, avg_response_ms: 999, ...bad },
  );
  await history.snapshots(ill, {
    at: NOW - 10 * MINUTE,
    health: 'Degraded',
    breaker: 'HalfOpen',
    error_percent: 30,
    avg_response_ms: 300,
  });
  await history.snapshots(dead, { at: NOW - 10 * MINUTE, avg_response_ms: 500, ...bad });
  await history.snapshots(silent, { at: NOW - 3 * HOUR, ...bad });
  await history.snapshots(gone, { at: NOW - 2 * HOUR, ...bad });
  await history.transitions(
    dead,
    { at: NOW - 2 * DAY, to_state: 'Degraded' },
    { at: NOW - DAY, to_state: 'Unhealthy' },
  );
});
afterAll(() => history.close());

test('a summary is of the newest snapshots of live bots', async () => {
  expect(await history.reader.ask(fleetSummary, '*', {})).toEqual({
    bots: 4,
    silent: 1,
    health: { Healthy: 1, Degraded: 1, Unhealthy: 1, Suspended: 0 },
    breaker: { Closed: 1, Open: 1, HalfOpen: 1 },
    avgResponseMs: 300,
    p95ResponseMs: 480,
    errorPercent: 30,
  });
});

test('a summary of nothing has no averages', async () => {
  expect(await history.reader.ask(fleetSummary, '*', { namespace: 'none' })).toEqual({
    bots: 0,
    silent: 0,
    health: { Healthy: 0, Degraded: 0, Unhealthy: 0, Suspended: 0 },
    breaker: { Closed: 0, Open: 0, HalfOpen: 0 },
    avgResponseMs: null,
    p95ResponseMs: null,
    errorPercent: null,
  });
});

test('which bots are unhealthy now, and which were then', async () => {
  const names = async (at?: number) => {
    const args = at === undefined ? {} : { at: new Date(at).toISOString() };
    const { items } = await history.reader.ask(unhealthyBots, '*', args);
    return items.map(({ name }) => name);
  };
  expect(await names()).toEqual(['ill', 'dead']);
  expect(await names(NOW - 15 * MINUTE)).toEqual(['well']);
  // With the one that was there then.
  expect(await names(NOW - 2 * HOUR)).toEqual(['gone', 'silent']);
});

test('how unhealthy it is, and since when', async () => {
  const args = { namespace: 'b', name: 'dead' };
  expect((await history.reader.ask(unhealthyBots, '*', args)).items).toEqual([
    {
      ...args,
      health: 'Unhealthy',
      breaker: 'Open',
      errorPercent: 60,
      consecutiveFailures: 0,
      at: new Date(NOW - 10 * MINUTE).toISOString(),
      since: new Date(NOW - DAY).toISOString(),
    },
  ]);
});

test('the unhealthy come page by page', async () => {
  const args = { limit: 1, total: true, states: ['Healthy', 'Degraded', 'Unhealthy'] as const };
  const seen: string[] = [];
  for (let after: string | undefined; ; ) {
    const more = { ...args, states: [...args.states], ...(after && { after }) };
    const page = await history.reader.ask(unhealthyBots, '*', more);
    expect(page.total).toBe(3);
    seen.push(...page.items.map(({ name }) => name));
    after = page.next;
    if (after === undefined) break;
  }
  expect(seen).toEqual(['ill', 'well', 'dead']);
});
