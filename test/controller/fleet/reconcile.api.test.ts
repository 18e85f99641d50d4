import { expect, onTestFinished, test } from 'vitest';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { BOT_FLEETS } from '../../../src/controller/fleet/stored-fleet.ts';
import type { KubeObject, Manifest, Resource } from '../../../src/kube/resource.ts';
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../../../src/kube/well-known.ts';
import { bot, command } from '../../api/manifests/row.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import {
  condition,
  type FleetCluster,
  fleetCluster,
  NAME,
  untilCondition,
} from './fleet-cluster.ts';

const OWNED: readonly Resource[] = [
  SERVICE_ACCOUNTS,
  CONFIG_MAPS,
  SERVICES,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  STATEFUL_SETS,
];

describeWithApiServer('the controller of fleets', ({ kubeconfig, auditLog }) => {
  async function open(): Promise<FleetCluster> {
    const cluster = await fleetCluster(kubeconfig, auditLog);
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    return cluster;
  }

  async function replicas(cluster: FleetCluster, count: number): Promise<void> {
    await waitFor(`${count} replicas`, async () => {
      const found = await cluster.find(STATEFUL_SETS);
      return found?.spec.replicas === count && found.status?.replicas === count;
    });
  }

  async function readyFleet(cluster: FleetCluster, shards: number): Promise<void> {
    await cluster.applyFleet({ sharding: { minShards: shards } });
    await replicas(cluster, shards);
    const pods = await waitFor('the pods', async () => {
      const found = await cluster.pods();
      return found.length === shards && found;
    });
    await cluster.setReady(pods);
    await untilCondition(cluster, 'Ready', 'True/ShardsReady');
  }

  async function versions(cluster: FleetCluster): Promise<string[]> {
    const owned = await Promise.all(OWNED.map((resource) => cluster.find(resource)));
    return [await cluster.fleet(), ...owned].map((found) => found?.metadata.resourceVersion ?? '');
  }

  test('makes what a fleet needs, tells how it does, and then rests', async () => {
    const cluster = await open();
    await readyFleet(cluster, 2);
    await waitFor('the end of the roll-out', async () => {
      return condition(await cluster.fleet(), 'Reconciling') === undefined;
    });
    const { status } = await cluster.fleet();
    expect(status).toMatchObject({
      shards: 2,
      readyShards: 2,
      bots: 0,
      readyBots: 0,
      capacity: 400,
    });
    expect(cluster.events.map(({ reason }) => reason)).toEqual(['Scaled', 'ShardsReady']);

    const before = await versions(cluster);
    const written = await cluster.writes();
    await cluster.reconcile();
    await cluster.reconcile();
    expect(await versions(cluster)).toEqual(before);
    expect(await cluster.writes()).toEqual(written);
    if (auditLog !== undefined) expect(written).toContain('patch statefulsets');
  });

  test('writes nothing again for amounts and lists that the API server stores otherwise', async () => {
    const cluster = await open();
    await cluster.applyFleet({
      runtime: {
        resources: { requests: { cpu: 1, memory: '1024Mi' }, limits: { cpu: '2000m' } },
        env: [{ name: 'EMPTY', value: '' }],
        nodeSelector: {},
        tolerations: [],
        affinity: { nodeAffinity: {} },
      },
    });
    await replicas(cluster, 1);
    await untilCondition(cluster, 'Reconciling', 'True/ShardsStarting');
    const written = await cluster.writes();
    const before = await versions(cluster);
    await cluster.reconcile();
    expect(await versions(cluster)).toEqual(before);
    expect(await cluster.writes()).toEqual(written);
  });

  test('puts back what others change or delete, and leaves alone what is theirs', async () => {
    const cluster = await open();
    const { client, namespace } = cluster;
    const ref = { namespace, name: NAME };
    await readyFleet(cluster, 1);
    const theirs = {
      metadata: { annotations: { 'example.com/note': 'keep' }, labels: { a: 'b' } },
    };
    for (const resource of OWNED) await client.mergePatch(resource, ref, theirs);
    const template = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } };
    await client.mergePatch(STATEFUL_SETS, ref, { spec: { replicas: 7, template } });
    await client.mergePatch(CONFIG_MAPS, ref, { data: { 'ca.crt': 'forged', other: 'theirs' } });
    await client.mergePatch(NETWORK_POLICIES, ref, { spec: { ingress: [] } });
    await client.mergePatch(SERVICES, ref, {
      metadata: { labels: { 'tenantbot.dev/fleet': null } },
    });
    await client.delete(POD_DISRUPTION_BUDGETS, ref);

    await waitFor('the objects as they were', async () => {
      expect(await cluster.find(STATEFUL_SETS)).toMatchObject({ spec: { replicas: 1, template } });
      expect(await cluster.find(CONFIG_MAPS)).toMatchObject({
        data: { 'ca.crt': 'certificates', other: 'theirs' },
      });
      expect(await cluster.find(NETWORK_POLICIES)).toMatchObject({
        spec: { ingress: [{ ports: [{ port: 8081 }] }] },
      });
      expect(await cluster.find(SERVICES)).toMatchObject({
        metadata: { labels: { 'tenantbot.dev/fleet': 'default', a: 'b' } },
      });
      expect(await cluster.find(POD_DISRUPTION_BUDGETS)).toMatchObject({
        spec: { maxUnavailable: 1 },
      });
      return true;
    });
    for (const resource of OWNED) {
      if (resource === POD_DISRUPTION_BUDGETS) continue;
      expect(await cluster.find(resource)).toMatchObject(theirs);
    }
  });

  test('repairs a status that somebody has forged', async () => {
    const cluster = await open();
    await readyFleet(cluster, 1);
    const forged = { shards: 99, readyBots: 5, conditions: null };
    const ref = { namespace: cluster.namespace, name: 'default' };
    await cluster.client.mergePatch(BOT_FLEETS, ref, { status: forged }, { subresource: 'status' });
    await untilCondition(cluster, 'Ready', 'True/ShardsReady');
    expect((await cluster.fleet()).status).toMatchObject({ shards: 1, readyBots: 0 });
  });

  test('has a StatefulSet that can not be changed made anew, and no pod ends', async () => {
    const cluster = await open();
    const { client, namespace } = cluster;
    await readyFleet(cluster, 2);
    await cluster.pause();
    // As another version of the operator would have made it.
    const { metadata, spec } = (await cluster.find(STATEFUL_SETS)) ?? expect.unreachable();
    await client.delete(STATEFUL_SETS, metadata, { propagationPolicy: 'Orphan' });
    await waitFor('it to be gone', async () => (await cluster.find(STATEFUL_SETS)) === undefined);
    const { labels = {}, ownerReferences = [] } = metadata;
    const former: Manifest = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: NAME, namespace, labels, ownerReferences },
      spec: { ...spec, serviceName: 'former' },
    };
    const { uid } = (await client.create(STATEFUL_SETS, former)).metadata;
    const owners = async () =>
      (await cluster.pods()).map((pod) => pod.metadata.ownerReferences?.[0]?.uid);
    await waitFor('its pods', async () => (await owners()).every((owner) => owner === uid));
    const before = (await cluster.pods()).map((pod) => pod.metadata.uid);

    cluster.resume();
    const after = await waitFor('the new one', async () => {
      const found = await cluster.find(STATEFUL_SETS);
      return found?.spec.serviceName === NAME && found;
    });
    await waitFor('its pods', async () =>
      (await owners()).every((owner) => owner === after.metadata.uid),
    );
    await untilCondition(cluster, 'Ready', 'True/ShardsReady');
    expect((await cluster.pods()).map((pod) => pod.metadata.uid)).toEqual(before);
    expect(cluster.events.map(({ reason }) => reason)).toContain('Replaced');
  });

  test('follows the bots, and cuts none of them off', async () => {
    const cluster = await open();
    const { client, namespace } = cluster;
    const named = (name: string) => ({
      ...(bot({ handlers: [command] }) as Manifest),
      metadata: { name, namespace },
    });
    await cluster.applyFleet({ sharding: { botsPerShard: 1, maxShards: 2 } });
    await replicas(cluster, 1);
    for (const name of ['a', 'b', 'c']) await client.create(TENANT_BOTS, named(name));
    await replicas(cluster, 2);
    const placement = { fleet: 'default', shard: 1, epoch: 1, since: '2026-01-01T00:00:00Z' };
    const ref = { namespace, name: 'a' };
    await client.mergePatch(TENANT_BOTS, ref, { status: { placement } }, { subresource: 'status' });
    for (const name of ['b', 'c']) await client.delete(TENANT_BOTS, { namespace, name });
    await waitFor('the count', async () => {
      const { status } = await cluster.fleet();
      return (status as { bots?: number }).bots === 1;
    });
    expect((await cluster.find(STATEFUL_SETS))?.spec.replicas).toBe(2);
    await client.delete(TENANT_BOTS, ref);
    await replicas(cluster, 1);
  });

  test.for([
    [
      'an amount above its limit',
      { resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } },
      'must be less than or equal to cpu limit',
    ],
    [
      'a misspelt field deep inside',
      { affinity: { podAntiAffinity: { requiredDuring: [] } } },
      'requiredDuring',
    ],
    ['a bad label', { nodeSelector: { '-': 'x' } }, 'nodeSelector'],
  ] as const)('says what the API server refuses: %s', async ([, runtime, words]) => {
    const cluster = await open();
    await cluster.applyFleet({ runtime });
    const fleet = await untilCondition(cluster, 'Stalled', 'True/ApplyFailed');
    expect(condition(fleet, 'Ready')).toBe('False/ApplyFailed');
    expect(JSON.stringify(fleet.status)).toContain(words);
    expect(await cluster.find(SERVICES)).toBeDefined();
    await cluster.applyFleet({});
    await replicas(cluster, 1);
    await waitFor('the end of it', async () => {
      return condition(await cluster.fleet(), 'Stalled') === undefined;
    });
  });

  test('has a Service for webhooks while the fleet has an address for them', async () => {
    const cluster = await open();
    const ref = { namespace: cluster.namespace, name: `${NAME}-webhook` };
    const service = () => cluster.client.get(SERVICES, ref).catch(() => undefined);
    await cluster.applyFleet({ webhook: { publicUrl: 'https://bots.example.com' } });
    await waitFor('the Service', service);
    await cluster.applyFleet({});
    await waitFor('its end', async () => (await service()) === undefined);
  });

  test('is not ready with what the fleet before leaves behind', async () => {
    const cluster = await open();
    const { client, namespace } = cluster;
    await readyFleet(cluster, 1);
    const hold = (finalizers: readonly string[]) => ({ metadata: { finalizers } });
    const held = [STATEFUL_SETS, SERVICES] as const;
    const ref = { namespace, name: NAME };
    for (const resource of held) await client.mergePatch(resource, ref, hold(['example.com/hold']));
    await client.delete(BOT_FLEETS, { namespace, name: 'default' });
    const { metadata } = await cluster.applyFleet();
    const waiting = await untilCondition(cluster, 'Ready', 'False/ShardsStarting');
    expect(JSON.stringify(waiting.status)).toContain('Former objects of the same names');
    await cluster.reconcile();
    expect(condition(await cluster.fleet(), 'Ready')).toBe('False/ShardsStarting');

    for (const resource of held) await client.mergePatch(resource, ref, hold([]));
    const owners = async () =>
      (await Promise.all(OWNED.map((resource) => cluster.find<KubeObject>(resource)))).map(
        (found) => found?.metadata.ownerReferences?.[0]?.uid,
      );
    // The garbage collector took 40 s for it.
    await waitFor(
      'objects of its own',
      async () => (await owners()).every((uid) => uid === metadata.uid),
      { timeoutMs: 90_000 },
    );
  }, 120_000);

  test('leaves nothing behind when the fleet goes', async () => {
    const cluster = await open();
    await readyFleet(cluster, 1);
    await cluster.client.delete(BOT_FLEETS, { namespace: cluster.namespace, name: 'default' });
    await waitFor(
      'nothing',
      async () => {
        const left = await Promise.all(OWNED.map((resource) => cluster.find(resource)));
        return left.every((found) => found === undefined) && (await cluster.pods()).length === 0;
      },
      // The garbage collector looks for new kinds of owners every 30 s.
      { timeoutMs: 75_000 },
    );
  }, 100_000);
});
