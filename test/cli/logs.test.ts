import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from '../standalone/support.ts';
import { tenantbot } from '../support/tenantbot.ts';

const ROOT = '/apis/tenantbot.dev/v1alpha1';
const POD = '/api/v1/namespaces/system/pods/tenantbot-default-3/log';
const LINES = [
  { bot: 'team-a/greeter', msg: 'hello' },
  { bot: 'team-a/greeter-2', msg: 'another bot' },
  { msg: 'speaks of team-a/greeter' },
  { bot: 'team-a/greeter', msg: 'bye' },
];

test('logs prints the lines of one bot, from the pod of its shard', async () => {
  const asked: string[] = [];
  const placement = { fleet: 'default', shard: 3, epoch: 1, since: '2026-01-01T00:00:00Z' };
  const bot = (name: string, status: object) => ({
    metadata: { namespace: 'team-a', name },
    status,
  });
  const fleet = { metadata: { namespace: 'system', name: 'default' } };
  const answers: Record<string, string> = {
    [`${ROOT}/namespaces/team-a/tenantbots/greeter`]: JSON.stringify(bot('greeter', { placement })),
    [`${ROOT}/namespaces/team-a/tenantbots/waiting`]: JSON.stringify(bot('waiting', {})),
    [`${ROOT}/botfleets`]: JSON.stringify({ metadata: {}, items: [fleet] }),
  };
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    if (!url.startsWith(POD)) return void response.end(answers[url] ?? '{}');
    return void response.end(
      `no JSON, team-a/greeter\n${LINES.map((line) => JSON.stringify(line)).join('\n')}\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const kubeconfig = join(await makeFolder(), 'config');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'team-a' } }],
      clusters: [{ name: 'c', cluster: { server: address } }],
      users: [{ name: 'u', user: { token: 't' } }],
    }),
  );
  const logs = (...words: string[]) => tenantbot('.', 'logs', ...words, '--kubeconfig', kubeconfig);
  const { out, err } = await logs('greeter', '--since', '1h');
  expect({ out, err }).toEqual({
    out: `${JSON.stringify(LINES[0])}\n${JSON.stringify(LINES[3])}\n`,
    err: '',
  });
  expect(asked.at(-1)).toBe(`${POD}?follow=false&sinceSeconds=3600&container=runtime`);
  expect((await logs('waiting')).err).toContain('team-a/waiting has no place');
  expect((await logs('greeter', '--since', 'long')).err).toContain('--since must be such as');
});
