import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { customResourceDefinition, RESOURCES } from '../../src/api/crd/definitions.ts';
import { checkCrds } from '../../src/cli/doctor/cluster/crds.ts';
import { fleetFindings } from '../../src/cli/doctor/conditions.ts';
import { examineStandalone } from '../../src/cli/doctor/examine-standalone.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { lockFolder } from '../../src/standalone/data/lock.ts';
import { makeFolder } from '../standalone/support.ts';

/** What is said of CRDs that are ours but for `change`. */
async function crds(change: object, status: object = {}): Promise<readonly string[]> {
  const get = async (_: unknown, { name }: { name: string }) => {
    const resource = RESOURCES.find(({ plural }) => name.startsWith(plural));
    if (!resource) return expect.unreachable();
    const { spec, ...rest } = customResourceDefinition(resource) as { spec: object };
    return { ...rest, spec: { ...spec, ...change }, status };
  };
  const client = { get } as Partial<KubeClient> as KubeClient;
  const world = { client, namespace: 'operators', operators: [], version: '1', nowMs: 0 };
  return (await checkCrds(world)).map(({ verdict, message }) => `${verdict}: ${message}`);
}

test('CRDs that are converted, stored otherwise or not served are found', async () => {
  expect(await crds({})).toEqual([expect.stringMatching(/^ok: /)]);
  expect(await crds({ conversion: { strategy: 'Webhook' } })).toEqual([
    expect.stringMatching(/^wrong: The CRD tenantbots.* is converted by Webhook/),
    expect.stringMatching(/^wrong: The CRD botfleets.* is converted by Webhook/),
  ]);
  expect((await crds({}, { storedVersions: ['v1', 'v1alpha1'] }))[0]).toMatch(
    /^wrong: Objects of tenantbots.* may be stored as v1,/,
  );
  const conditions = [{ type: 'NamesAccepted', status: 'False', message: '"tb" is in use' }];
  expect((await crds({}, { conditions }))[0]).toMatch(/^wrong: .* is not served: "tb" is in use/);
});

test.each([
  ['NotConfigured', 'warning'],
  ['Unavailable', 'wrong'],
  ['RecordsDropped', 'warning'],
])('a history that is %s is a %s', (reason, verdict) => {
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'ShardsReady', message: '' },
    { type: 'HistoryAvailable', status: 'False', reason, message: 'So it is.' },
  ];
  const metadata = { name: 'default', namespace: 'a', uid: 'u', creationTimestamp: '' };
  const fleet = { apiVersion: '', kind: 'BotFleet', metadata, status: { conditions } };
  expect(fleetFindings([fleet])).toMatchObject([{ verdict }]);
});

describe('of a standalone that does not run', () => {
  const settings = { port: 0, webhookPort: undefined, databaseUrl: undefined, history: false };
  async function examine(data: string, change: Partial<typeof settings> = {}) {
    const world = {
      data,
      settings: { ...settings, ...change },
      endpoint: undefined,
      client: undefined,
    };
    const findings = await examineStandalone(world);
    return (check: string) =>
      findings
        .filter((finding) => finding.check === check)
        .map(({ verdict, message }) => `${verdict}: ${message}`);
  }

  test('it is said that nobody runs, and whose data folder others may read', async () => {
    const data = join(await makeFolder(), 'data');
    expect((await examine(data))('data-folder')).toEqual([
      expect.stringMatching(/^ok: There is no/),
    ]);
    await mkdir(data, { mode: 0o755 });
    const found = await examine(data);
    expect(found('process')).toEqual([expect.stringMatching(/^wrong: No standalone runs with/)]);
    expect(found('data-folder')).toEqual([expect.stringMatching(/^warning: Others may look into/)]);
  });

  test('a file in place of the folder, and one that holds the lock without a word', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'data'), '');
    expect((await examine(join(folder, 'data', 'below')))('data-folder')).toEqual([
      expect.stringMatching(/^wrong: .* can't be used/),
    ]);
    const lock = await lockFolder(folder);
    onTestFinished(() => lock.release());
    expect((await examine(folder))('process')).toEqual([
      expect.stringMatching(`^warning: Process ${process.pid} has `),
    ]);
  });

  test('a port that somebody else has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const found = await examine(await makeFolder(), { port });
    expect(found('ports')).toEqual([expect.stringMatching(`^wrong: Port ${port} .*EADDRINUSE`)]);
  });
});
