import { expect, it } from 'vitest';
import { applyIfNeeded } from '../../src/kube/apply-if-needed.ts';
import type { KubeObject, Manifest, Resource } from '../../src/kube/resource.ts';
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../../src/kube/well-known.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { apiWorld } from './api-world.ts';

const HASH = 'example.dev/applied-hash';
const LABELS = { 'app.kubernetes.io/name': 'it' };

const statefulSet = {
  serviceName: 'it',
  replicas: 0,
  podManagementPolicy: 'Parallel',
  selector: { matchLabels: LABELS },
  template: {
    metadata: { labels: LABELS },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'it',
          image: 'it',
          args: ['run'],
          env: [
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'EMPTY', value: '' },
          ],
          ports: [{ name: 'health', containerPort: 8081 }],
          resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { memory: 2e9 } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          livenessProbe: { httpGet: { path: '/healthz', port: 'health' } },
          volumeMounts: [{ name: 'token', mountPath: '/token', readOnly: true }],
        },
      ],
      tolerations: [{ key: 'a', operator: 'Exists' }],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: LABELS },
        },
      ],
      volumes: [
        {
          name: 'token',
          projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'a' } }] },
        },
        { name: 'tmp', emptyDir: {} },
        { name: 'ca', configMap: { name: 'ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
    },
  },
};

const networkPolicy = {
  podSelector: { matchLabels: LABELS },
  policyTypes: ['Ingress', 'Egress'],
  ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8081 }] }],
  egress: [
    { ports: [{ port: 53, protocol: 'UDP' }] },
    { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] },
  ],
};

/** One of each kind that the operator makes, with what the server is known to default or rewrite. */
const KINDS: readonly [Resource, string, object][] = [
  [STATEFUL_SETS, 'apps/v1', { spec: statefulSet }],
  [
    SERVICES,
    'v1',
    { spec: { clusterIP: 'None', selector: LABELS, ports: [{ name: 'h', port: 8081 }] } },
  ],
  [NETWORK_POLICIES, 'networking.k8s.io/v1', { spec: networkPolicy }],
  [
    POD_DISRUPTION_BUDGETS,
    'policy/v1',
    { spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } } },
  ],
  [SERVICE_ACCOUNTS, 'v1', { automountServiceAccountToken: false }],
  [CONFIG_MAPS, 'v1', { data: { 'ca.crt': 'x' } }],
];

describeWithApiServer('applyIfNeeded on the API server', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  function manifest(resource: Resource, apiVersion: string, content: object): Manifest {
    const metadata = { name: 'it', namespace: world.namespace, labels: LABELS };
    return { apiVersion, kind: resource.kind, metadata, ...content };
  }

  function apply(resource: Resource, desired: Manifest, live: KubeObject | undefined) {
    const options = { fieldManager: 'it', force: true, hashAnnotation: HASH };
    return applyIfNeeded(world.client, resource, { ...options, desired, live });
  }

  it.each(KINDS)('writes once, and nothing the second time: $plural', async (...kind) => {
    const desired = manifest(...kind);
    const first = await apply(kind[0], desired, undefined);
    expect(first.written).toBe(true);
    const live = await world.client.get(kind[0], first.object.metadata);
    expect(await apply(kind[0], desired, live)).toEqual({ object: live, written: false });
  });

  it('repairs what others changed and leaves what they added', async () => {
    const { client } = world;
    const desired = manifest(CONFIG_MAPS, 'v1', { data: { a: '1', b: '2' } });
    const { object } = await apply(CONFIG_MAPS, desired, undefined);
    const changed = await client.mergePatch(CONFIG_MAPS, object.metadata, {
      metadata: { labels: { foreign: 'yes' } },
      data: { a: 'x', b: null, c: 'theirs' },
    });
    const repaired = await apply(CONFIG_MAPS, desired, changed);
    expect(repaired).toMatchObject({
      written: true,
      object: { metadata: { labels: { foreign: 'yes' } }, data: { a: '1', b: '2', c: 'theirs' } },
    });
    expect((await apply(CONFIG_MAPS, desired, repaired.object)).written).toBe(false);
  });

  it('removes what is no longer desired, which the live object alone does not tell', async () => {
    const wide = manifest(CONFIG_MAPS, 'v1', { data: { a: '1', b: '2' } });
    const narrow = manifest(CONFIG_MAPS, 'v1', { data: { a: '1' } });
    const { object } = await apply(CONFIG_MAPS, wide, undefined);
    const narrowed = await apply(CONFIG_MAPS, narrow, object);
    expect(narrowed.written).toBe(true);
    expect(narrowed.object).toMatchObject({ data: { a: '1' } });
    expect(narrowed.object).not.toHaveProperty('data.b');
  });

  it('is refused where what it was decided by is no longer the newest, or is gone', async () => {
    const { client } = world;
    const desired = manifest(CONFIG_MAPS, 'v1', { data: { a: '1' } });
    const { object: read } = await apply(CONFIG_MAPS, desired, undefined);
    const newer = manifest(CONFIG_MAPS, 'v1', { data: { a: '2' } });
    const { object } = await apply(CONFIG_MAPS, newer, read);
    const stale = manifest(CONFIG_MAPS, 'v1', { data: { a: '3' } });
    await expect(apply(CONFIG_MAPS, stale, read)).rejects.toMatchObject({ status: 409 });
    await client.delete(CONFIG_MAPS, object.metadata);
    await expect(apply(CONFIG_MAPS, stale, object)).rejects.toMatchObject({ status: 409 });
  });

  it('takes the order of fields for nothing', async () => {
    const { object } = await apply(
      CONFIG_MAPS,
      manifest(CONFIG_MAPS, 'v1', { data: { a: '1', b: '2' } }),
      undefined,
    );
    const turned = manifest(CONFIG_MAPS, 'v1', { data: { b: '2', a: '1' } });
    expect((await apply(CONFIG_MAPS, turned, object)).written).toBe(false);
  });
});
