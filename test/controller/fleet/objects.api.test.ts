import { beforeAll, expect, it } from 'vitest';
import { botFleetSpecSchema } from '../../../src/api/bot-fleet.ts';
import { fleetObjects } from '../../../src/controller/fleet/objects/fleet-objects.ts';
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../../../src/kube/well-known.ts';
import { FULL_RUNTIME } from '../../api/manifests/bot-fleets.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';
import { SETTINGS } from './fleets.ts';

describeWithApiServer('the API server takes', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  function build(runtime: object = {}) {
    const webhook = { publicUrl: 'https://bots.example.com' };
    const spec = botFleetSpecSchema.parse({ runtime, webhook });
    const fleet = { name: 'x'.repeat(42), namespace: world.namespace, uid: 'u1' };
    return fleetObjects(fleet, { spec, shards: 3, ...SETTINGS });
  }

  const DRY = { fieldManager: 'test', dryRun: true };

  beforeAll(async () => {
    // Pods are taken only where their ServiceAccount is. Of no fleet, or it would go with that.
    const { ServiceAccount } = build();
    const { name = '', namespace } = ServiceAccount.metadata;
    const account = { ...ServiceAccount, metadata: { name, namespace: namespace ?? '' } };
    await world.client.create(SERVICE_ACCOUNTS, account);
  });

  it.each([
    ['ServiceAccount', SERVICE_ACCOUNTS],
    ['ConfigMap', CONFIG_MAPS],
    ['Service', SERVICES],
    ['WebhookService', SERVICES],
    ['NetworkPolicy', NETWORK_POLICIES],
    ['PodDisruptionBudget', POD_DISRUPTION_BUDGETS],
    ['StatefulSet', STATEFUL_SETS],
  ] as const)('the %s of a fleet of the longest name', async (kind, resource) => {
    const desired = build()[kind];
    if (!desired) throw new Error(`a fleet has no ${kind}`);
    const applied = await world.client.apply(resource, desired, DRY);
    expect(applied).toMatchObject({
      kind: desired.kind,
      metadata: { ownerReferences: [{ uid: 'u1' }] },
    });
  });

  it.each([
    ['with defaults', {}],
    ['with everything', FULL_RUNTIME],
  ])('a pod of a fleet %s, under the restricted standard', async (_, runtime) => {
    const { StatefulSet } = build(runtime);
    const { template } = StatefulSet['spec'] as { template: { metadata: object; spec: object } };
    const name = `${StatefulSet.metadata.name}-999`;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name, namespace: world.namespace },
      spec: template.spec,
    };
    const made = await world.client.create(PODS, pod, DRY);
    expect(made.metadata.name).toBe(name);
  });
});
