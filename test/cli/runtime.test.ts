import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { servedMetrics } from '../../src/cli/metrics/served.ts';
import { Leaders } from '../control/leaders.ts';
import { caller, SHARD } from '../control/support.ts';
import { fleetSpec } from '../support/assignments.ts';
import { startScript } from '../support/program.ts';
import { TENANTBOT } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

test('is ready once a leader has said what to host, and ends on SIGTERM', async () => {
  await using leaders = await Leaders.start();
  const leader = await leaders.addReplica();
  leader.hub?.setFleet('default', { fleet: fleetSpec('http://127.0.0.1:1'), shards: 1 });
  const env = {
    TENANTBOT_CONTROL_URL: leader.url,
    TENANTBOT_CONTROL_CA: join(leaders.folder, 'ca.crt'),
    TENANTBOT_CONTROL_TOKEN: await leaders.admit(caller()),
    TENANTBOT_HEALTH_PORT: '0',
  };
  const runtime = await startScript(TENANTBOT, {
    args: ['runtime'],
    env,
    until: /runtime started/,
  });
  const port = /"healthPort":(\d+)/.exec(runtime.output)?.[1];
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return `${response.status} ${await response.text()}`;
  };
  expect(await get('/healthz')).toBe('200 ok\n');
  await waitFor('contact', () => leader.hub?.contact(SHARD));
  expect(await get('/readyz')).toContain('503 [-]assignment failed: no leader has said yet');
  leader.hub?.complete(SHARD);
  await waitFor('readiness', async () => (await get('/readyz')).startsWith('200'));
  const metrics = await get('/metrics');
  expect(metrics).toMatch(/tenantbot_control_syncs_total\{result="ok"\} \d/);
  expect(metrics).toContain('tenantbot_bots{lifecycle="Running"} 0');
  expect(metrics).toContain('process_resident_memory_bytes');
  const served = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const documented = (await servedMetrics()).filter(({ servedBy }) => servedBy.includes('runtime'));
  // Webhooks are not taken here.
  const names = documented.map(({ name }) => name).filter((name) => !name.includes('_webhook_'));
  expect(new Set(served)).toEqual(new Set(names));
  expect(metrics).toMatch(/tenantbot_control_silence_seconds 0?\.\d|silence_seconds \d/);
  expect(await runtime.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('refuses to start without an address, and says what is missing', async () => {
  const { status, stderr } = spawnSync(process.execPath, [TENANTBOT, 'runtime'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('TENANTBOT_CONTROL_URL');
});

test('loads neither the Kubernetes client nor what makes certificates', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL('../../src/cli/commands/runtime.ts', import.meta.url).href)});
    console.log(JSON.stringify(urls));`;
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const urls = JSON.parse(stdout || `["${stderr}"]`) as string[];
  expect(urls.some((url) => url.endsWith('/src/control/http-control-port.ts'))).toBe(true);
  const packages = new Set(
    urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []),
  );
  for (const banned of ['@kubernetes/client-node', 'selfsigned', 'fastify', 'pg', 'kysely']) {
    expect(packages).not.toContain(banned);
  }
  expect(urls.filter((url) => /\/src\/(kube|controller|standalone|emulator)\//.test(url))).toEqual(
    [],
  );
});
