import { Counter, Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { type HealthChecks, startHealthServer } from '../../src/telemetry/health-server.ts';

async function serving(checks: HealthChecks): Promise<string> {
  const registry = new Registry();
  new Counter({ name: 'tests_total', help: 'Tests', registers: [registry] }).inc(3);
  const options = { host: '127.0.0.1', port: 0, live: {}, ready: checks, registry };
  const server = await startHealthServer(options);
  onTestFinished(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

async function get(url: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

test('every check is listed, and one that fails or throws says why', async () => {
  let problem: string | undefined;
  const url = await serving({
    lease: () => problem,
    caches: () => {
      if (problem !== undefined) throw new Error('the cache broke');
      return undefined;
    },
  });
  expect(await get(`${url}/readyz`)).toEqual([200, '[+]lease ok\n[+]caches ok\nok\n']);
  problem = 'not held';
  expect(await get(`${url}/readyz?verbose`)).toEqual([
    503,
    '[-]lease failed: not held\n[-]caches failed: the cache broke\nfailed\n',
  ]);
  expect(await get(`${url}/healthz`)).toEqual([200, 'ok\n']);
});

test('metrics are those of the registry', async () => {
  const url = await serving({});
  expect((await get(`${url}/metrics`))[1]).toContain('tests_total 3');
});

test('nothing else is served', async () => {
  const url = await serving({});
  expect(await get(url)).toMatchObject({ 0: 404 });
  expect(await get(`${url}/healthz`, { method: 'POST' })).toMatchObject({ 0: 405 });
});

test('a port that is taken is named', async () => {
  const { port } = new URL(await serving({}));
  const options = { host: '127.0.0.1', port: Number(port), live: {}, ready: {} };
  await expect(startHealthServer({ ...options, registry: new Registry() })).rejects.toThrow(
    `port ${port} for health and metrics can't be opened`,
  );
});
