import { describe, expect, it } from 'vitest';
import { botFleetSpecSchema } from '../../../src/api/bot-fleet.ts';
import { fleetObjects } from '../../../src/controller/fleet/objects/fleet-objects.ts';
import { immutableChange } from '../../../src/controller/fleet/objects/stateful-set.ts';
import { SETTINGS } from './fleets.ts';

const FLEET = { name: 'default', namespace: 'bots', uid: 'u1' };

function build(
  runtime: object = {},
  defaults: Partial<typeof SETTINGS.defaults> = {},
  webhook?: object,
) {
  const spec = botFleetSpecSchema.parse({ runtime, webhook });
  const { controlCa } = SETTINGS;
  const all = { ...SETTINGS.defaults, ...defaults };
  return fleetObjects(FLEET, { spec, shards: 3, controlCa, defaults: all });
}

/** What of a pod is looked at here. */
interface PodSpec {
  readonly containers: readonly [
    {
      readonly image: string;
      readonly env: readonly { readonly name: string }[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    },
  ];
  readonly terminationGracePeriodSeconds: number;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: object }[];
}

function podOf(objects: ReturnType<typeof build>): PodSpec {
  return (objects.StatefulSet['spec'] as { template: { spec: PodSpec } }).template.spec;
}

describe('the objects of a fleet', () => {
  it('all belong to it, bear its name and its labels', () => {
    for (const [kind, object] of Object.entries(build())) {
      expect(object?.kind).toBe(kind);
      expect(object?.metadata).toMatchObject({
        name: 'tenantbot-default',
        namespace: 'bots',
        labels: {
          'app.kubernetes.io/name': 'tenantbot',
          'app.kubernetes.io/component': 'runtime',
          'app.kubernetes.io/part-of': 'tenantbot',
          'app.kubernetes.io/managed-by': 'tenantbot-operator',
          'tenantbot.dev/fleet': 'default',
        },
        ownerReferences: [
          {
            apiVersion: 'tenantbot.dev/v1alpha1',
            kind: 'BotFleet',
            name: 'default',
            uid: 'u1',
            controller: true,
          },
        ],
      });
    }
  });

  it('are the same whenever they are built', () => {
    expect(build()).toEqual(build());
  });

  it('hold the certificates, which do not stand in the pods: a new one restarts nothing', () => {
    const objects = build();
    expect(objects.ConfigMap['data']).toEqual({ 'ca.crt': 'certificates' });
    expect(JSON.stringify(objects.StatefulSet)).not.toContain('certificates');
  });

  it('run the image of the operator unless the fleet names one', () => {
    expect(podOf(build()).containers[0]).toMatchObject({
      image: 'registry.example.com/tenantbot:1',
      imagePullPolicy: 'IfNotPresent',
      args: ['runtime'],
    });
    const own = { image: 'mine:2', imagePullPolicy: 'Always' };
    expect(podOf(build(own)).containers[0]).toMatchObject(own);
  });

  it('pass on what the operator was told for its runtimes', () => {
    const { containers } = podOf(build({}, { runtimeEnv: { TENANTBOT_BOT_METRICS: '0' } }));
    expect(containers[0].env).toContainEqual({ name: 'TENANTBOT_BOT_METRICS', value: '0' });
  });

  it('give pods a moment more than their bots may take to end', () => {
    expect(podOf(build({ drainSeconds: 15 })).terminationGracePeriodSeconds).toBe(25);
    expect(podOf(build({ drainSeconds: 300 })).terminationGracePeriodSeconds).toBe(30);
  });

  it('give pods no token but that of the control channel, and no right', () => {
    const { ServiceAccount, StatefulSet } = build();
    expect(ServiceAccount['automountServiceAccountToken']).toBe(false);
    const pod = podOf(build());
    expect(pod).toMatchObject({
      serviceAccountName: 'tenantbot-default',
      automountServiceAccountToken: false,
    });
    expect(JSON.stringify(StatefulSet).match(/"audience":"[^"]*"/g)).toEqual([
      '"audience":"tenantbot-control"',
    ]);
  });

  it('add the variables of the fleet to those of the operator', () => {
    const env = [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }];
    const { env: all } = podOf(build({ env })).containers[0];
    expect(all).toContainEqual(env[0]);
    expect(all).toContainEqual({
      name: 'TENANTBOT_CONTROL_URL',
      value: 'https://tenantbot-control.bots.svc:9443',
    });
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('take webhooks only where the fleet has an address for them', () => {
    const ports = (objects: ReturnType<typeof build>) =>
      podOf(objects).containers[0].ports.map(({ name }) => name);
    const without = build();
    expect(without.WebhookService).toBeUndefined();
    expect(ports(without)).toEqual(['http']);
    expect(JSON.stringify(without)).not.toContain('WEBHOOK');

    const withThem = build({}, {}, { publicUrl: 'https://bots.example.com' });
    expect(withThem.WebhookService).toMatchObject({
      kind: 'Service',
      metadata: { name: 'tenantbot-default-webhook', ownerReferences: [{ uid: 'u1' }] },
      spec: {
        type: 'ClusterIP',
        selector: { 'tenantbot.dev/fleet': 'default' },
        ports: [{ port: 80, targetPort: 'webhook' }],
      },
    });
    expect(ports(withThem)).toEqual(['http', 'webhook']);
    expect(podOf(withThem).containers[0].env).toContainEqual({
      name: 'TENANTBOT_WEBHOOK_PEERS',
      value: 'http://tenantbot-default-{shard}.tenantbot-default:8082',
    });
    expect(withThem.NetworkPolicy['spec']).toMatchObject({
      ingress: [{ ports: [{ port: 8081 }, { port: 8082 }] }],
    });
    // Another address, or another number of connections, restarts no pod.
    const elsewhere = build({}, {}, { publicUrl: 'https://b.example.com', maxConnections: 1 });
    expect(elsewhere.StatefulSet).toEqual(withThem.StatefulSet);
  });

  it('spread the pods of the fleet unless told which ones', () => {
    const rule = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const labelSelector = { matchLabels: { a: 'b' } };
    const runtime = { topologySpreadConstraints: [rule, { ...rule, labelSelector }] };
    const [first, second] = podOf(build(runtime)).topologySpreadConstraints ?? [];
    expect(first?.labelSelector).toMatchObject({
      matchLabels: { 'tenantbot.dev/fleet': 'default' },
    });
    expect(second?.labelSelector).toEqual(labelSelector);
  });
});

describe('what of a StatefulSet can only be had by a new one', () => {
  const { StatefulSet: desired } = build();
  const live = (change: object) => ({
    spec: { ...(desired['spec'] as object), podManagementPolicy: 'Parallel', ...change },
  });

  it.each([
    [{ replicas: 7, template: {} }, undefined],
    [{ serviceName: 'other' }, 'serviceName'],
    [{ podManagementPolicy: 'OrderedReady' }, 'podManagementPolicy'],
    [{ selector: { matchLabels: { a: 'b' } } }, 'selector'],
  ])('%j: %s', (change, field) => {
    expect(immutableChange(desired, live(change))).toBe(field);
  });
});
