import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { servedMetrics } from '../../src/cli/metrics/served.ts';
import { makeFolder } from '../standalone/support.ts';
import { startScript } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

test('a standalone serves its metrics, those of each fleet and of its bots', async () => {
  const folder = await makeFolder();
  await using program = await startScript(TENANTBOT, {
    args: ['standalone', '--metrics-port', '0'],
    cwd: folder,
    until: /^ready/m,
  });
  const url = /^metrics +(\S+)$/m.exec(program.output)?.[1] ?? '';
  const scrape = async () => (await fetch(url)).text();
  expect((await tenantbot(folder, 'send', 'greeter', '/start')).out).toContain('Hello');
  await waitFor('the update', async () =>
    /tenantbot_updates_total\{outcome="handled",fleet="default"\} 1$/m.test(await scrape()),
  );
  const text = await scrape();
  expect(text).toMatch(
    /tenantbot_bot_health\{bot="default\/greeter",state="Healthy",fleet="default"\} 1/,
  );
  expect(text).toMatch(/tenantbot_call_duration_seconds_count\{fleet="default"\} [1-9]/);
  const known = new Map((await servedMetrics()).map((metric) => [metric.name, metric]));
  const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  const isKnown = (name: string) => known.get(name)?.servedBy.includes('standalone');
  expect(served.filter((name) => !isKnown(name))).toEqual([]);
});

test('a standalone writes its log to a file as well, as JSON', async () => {
  const folder = await makeFolder();
  const program = await startScript(TENANTBOT, {
    args: ['standalone', '--log-file', 'logs/bots.log', '--log-level', 'debug'],
    cwd: folder,
    until: /^ready/m,
  });
  await program.stop('SIGINT');
  const text = await readFile(join(folder, 'logs/bots.log'), 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { bot?: string });
  expect(lines.some(({ bot }) => bot === 'default/greeter')).toBe(true);
});
