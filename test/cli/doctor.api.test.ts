import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { toSecretData } from '../../src/control/tls/material.ts';
import { rotate } from '../../src/control/tls/rotation.ts';
import { AUTHORITY_SECRET, LEADER_LEASE, RIGHTS } from '../../src/controller/rights.ts';
import { toMicroTime } from '../../src/kube/micro-time.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { installCrds } from '../cluster/install-crds.ts';
import { writeKubeconfig } from '../cluster/kubeconfig.ts';
import { type RawRequest, rawApi } from '../cluster/raw-api.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { tenantbot } from '../support/tenantbot.ts';

const OWN = 'operators';
const CORE = `/api/v1/namespaces/${OWN}`;
const APPS = `/apis/apps/v1/namespaces/${OWN}`;
const OURS = `/apis/tenantbot.dev/v1alpha1/namespaces/${OWN}`;
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${OWN}/leases`;
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const LABELS = {
  'app.kubernetes.io/part-of': 'tenantbot',
  'app.kubernetes.io/component': 'operator',
  'app.kubernetes.io/version': '0.1.0',
};

// On a control plane of its own, where nobody but this test makes anything so.
describeWithApiServer('tenantbot doctor', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ log: () => undefined });
    await api({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: OWN } } });
  });
  afterAll(() => plane.stop());

  async function api(request: RawRequest): Promise<unknown> {
    const { status, body } = await rawApi(plane.kubeconfigPath, request);
    if (status >= 300) expect.unreachable(JSON.stringify(body));
    return body;
  }

  /** Makes an object so; with its status where it has one. */
  async function put(collection: string, object: Applied): Promise<void> {
    const { status, ...rest } = object;
    const path = `${collection}/${object.metadata.name}`;
    const query = '?fieldManager=tests&force=true';
    const contentType = 'application/apply-patch+yaml';
    await api({ method: 'PATCH', path: `${path}${query}`, body: rest, contentType });
    if (status === undefined) return;
    const body = { status };
    const merge = 'application/merge-patch+json';
    await api({ method: 'PATCH', path: `${path}/status`, body, contentType: merge });
  }

  async function doctor(kubeconfig = plane.kubeconfigPath) {
    const words = ['doctor', '--operator-namespace', OWN, '-o', 'json'];
    const { code, out } = await tenantbot('.', ...words, '--kubeconfig', kubeconfig);
    const findings = JSON.parse(out) as Finding[];
    expect(code).toBe(findings.some(({ verdict }) => verdict === 'wrong') ? 1 : 0);
    for (const { verdict, remedy } of findings) if (verdict !== 'ok') expect(remedy).toBeTruthy();
    return (check: string) =>
      findings
        .filter((finding) => finding.check === check)
        .map(({ verdict, message }) => `${verdict}: ${message}`);
  }

  function lease(silentMs: number): Promise<void> {
    return put(LEASES, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: LEADER_LEASE },
      spec: {
        holderIdentity: 'operator-0_abc',
        leaseDurationSeconds: 6,
        renewTime: toMicroTime(Date.now() - silentMs),
      },
    });
  }

  async function secret(nowMs: number): Promise<void> {
    const material = await rotate(undefined, { nowMs, names: ['tenantbot-control'] });
    const stringData = toSecretData(material);
    await put(`${CORE}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: AUTHORITY_SECRET },
      stringData,
    });
  }

  function deployment(name: string, status: object, labels: object = LABELS): Promise<void> {
    return put(`${APPS}/deployments`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            serviceAccountName: 'operator',
            containers: [{ name: 'operator', image: 'none', args: ['operator', '--image=none'] }],
          },
        },
      },
      status: { replicas: 2, ...status },
    });
  }

  function fleet(status: object, spec: object = {}): Promise<void> {
    const metadata = { name: 'default' };
    const head = { apiVersion: 'tenantbot.dev/v1alpha1', kind: 'BotFleet', metadata };
    return put(`${OURS}/botfleets`, { ...head, spec, status });
  }

  it('says of an empty cluster what is missing', async () => {
    const found = await doctor();
    expect(found('api-server')).toEqual(['ok: The API server is new enough.']);
    expect(found('crds')).toEqual([
      'wrong: The CRD tenantbots.tenantbot.dev is not installed.',
      'wrong: The CRD botfleets.tenantbot.dev is not installed.',
    ]);
    expect(found('operator')).toEqual([`wrong: There is no Deployment of an operator in ${OWN}.`]);
    expect(found('operator-rights')).toEqual([expect.stringMatching(/^unknown: There is no oper/)]);
    expect(found('lease')).toEqual([expect.stringMatching(/^wrong: .* is held by nobody/)]);
    expect(found('certificates')).toEqual([expect.stringMatching(/^wrong: There is no Secret/)]);
    expect(found('bots')).toEqual([expect.stringMatching(/^unknown: It could not be found out/)]);
  });

  it('finds each thing that is wrong, and sees when it is right', async () => {
    await installCrds(plane.kubeconfigPath);
    await deployment(
      'operator',
      { readyReplicas: 0 },
      { ...LABELS, 'app.kubernetes.io/version': '0.0.9' },
    );
    await lease(60_000);
    await secret(Date.parse('2020-01-01T00:00:00Z'));
    await fleet(
      {
        conditions: [
          condition('Ready', 'False', 'ShardsStarting', '0 of 1 shards are at work.'),
          condition('HistoryAvailable', 'False', 'Unavailable', 'It refuses.'),
        ],
      },
      { webhook: { publicUrl: 'https://bots.example.com' } },
    );
    await put(`${APPS}/statefulsets`, shards({ readyReplicas: 0 }));
    await put(`${CORE}/pods`, pod('tenantbot-default-0', 'ErrImagePull'));
    await put(`${CORE}/resourcequotas`, quota('3'));
    await put(`${CORE}/limitranges`, limits('100m'));
    await put(
      `${OURS}/tenantbots`,
      bot('lost', [condition('Stalled', 'True', 'Missing', 'No Secret.')]),
    );
    await put(
      `${OURS}/tenantbots`,
      bot('deaf', [
        condition('WebhookReady', 'False', 'Unreachable', 'Nobody answers.'),
        condition('Healthy', 'False', 'Unhealthy', 'Refused.'),
      ]),
    );
    const sick = await doctor();
    expect(sick('crds')).toEqual([expect.stringMatching(/^ok: Both CRDs/)]);
    expect(sick('your-rights')).toEqual([expect.stringMatching(/^ok: /)]);
    expect(sick('operator')).toEqual([
      `wrong: Deployment ${OWN}/operator: 0 of 2 replicas are ready.`,
      'warning: The operator is of version 0.0.9, this program of 0.1.0.',
    ]);
    expect(sick('operator-rights')).toContain(
      `wrong: ServiceAccount ${OWN}/operator: Not allowed in namespace "${OWN}": apiGroups ["apps"], resources ["statefulsets"], verbs ["list"].`,
    );
    expect(sick('lease')).toEqual([
      expect.stringMatching(/^wrong: .* was renewed 6\d s ago by operator-0_abc/),
    ]);
    expect(sick('certificates')).toEqual([
      `wrong: ca.crt of Secret ${OWN}/${AUTHORITY_SECRET} has expired.`,
      `wrong: tls.crt of Secret ${OWN}/${AUTHORITY_SECRET} has expired.`,
    ]);
    expect(sick('fleets')).toEqual([
      'wrong: BotFleet default is not ready: 0 of 1 shards are at work.',
      "wrong: BotFleet default: the database of the history can't be written to. It refuses.",
    ]);
    expect(sick('shards')).toEqual([
      `wrong: StatefulSet ${OWN}/tenantbot-default: 0 of 1 shards are up. Pod tenantbot-default-0 waits: ErrImagePull.`,
    ]);
    expect(sick('quotas')).toEqual([
      `wrong: ResourceQuota ${OWN}/small is used up: pods 3 of 3. No pod more is made there.`,
      `wrong: LimitRange ${OWN}/small refuses pods of StatefulSet tenantbot-default: they ask for cpu up to 1, and 100m is the most.`,
    ]);
    expect(sick('webhooks')).toEqual([
      `wrong: There is no Service ${OWN}/tenantbot-default-webhook.`,
      expect.stringMatching(/^warning: 1 bots of fleet default poll, .*Nobody answers/),
    ]);
    expect(sick('bots')).toEqual([
      `wrong: 1 bot needs a person (Missing): ${OWN}/lost.`,
      `wrong: Calls to Telegram fail for 1 of 1 bots, such as ${OWN}/deaf: Refused.`,
    ]);

    await deployment('operator', { readyReplicas: 2 });
    await grant();
    await lease(0);
    await secret(Date.now());
    await fleet({
      conditions: [
        condition('Ready', 'True', 'ShardsReady', 'Yes.'),
        condition('HistoryAvailable', 'True', 'Kept', ''),
      ],
    });
    await put(`${APPS}/statefulsets`, shards({ readyReplicas: 1, updatedReplicas: 1 }));
    await put(`${CORE}/resourcequotas`, quota('1'));
    await put(`${CORE}/limitranges`, limits('2'));
    for (const name of ['lost', 'deaf'])
      await put(`${OURS}/tenantbots`, bot(name, [condition('Healthy', 'True', 'Healthy', '')]));
    expect((await doctor())('lease')).toEqual([
      expect.stringMatching(/^wrong: .*, which is no pod of/),
    ]);
    await put(`${CORE}/pods`, pod('operator-0', undefined));
    const well = await tenantbot('.', 'doctor', '--kubeconfig', plane.kubeconfigPath);
    const lines = well.out.trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(lines).toHaveLength(13);
    expect(well).toMatchObject({ code: 0, err: '' });
  });

  it('finds two operators, a Service without shards, and what one may not see', async () => {
    await deployment('another', { readyReplicas: 2 });
    await fleet({}, { webhook: { publicUrl: 'https://bots.example.com' } });
    await put(`${CORE}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'tenantbot-default-webhook' },
      spec: { ports: [{ port: 80 }] },
    });
    const found = await doctor();
    expect(found('operator')).toEqual([
      expect.stringMatching(/^wrong: There are several operators: /),
    ]);
    expect(found('webhooks')).toEqual([
      `wrong: Service ${OWN}/tenantbot-default-webhook leads to no shard that is ready.`,
    ]);
    const path = `${CORE}/serviceaccounts`;
    await api({ method: 'POST', path, body: { metadata: { name: 'nobody' } } });
    const review = await api({ method: 'POST', path: `${path}/nobody/token`, body: { spec: {} } });
    const { token } = (review as { status: { token: string } }).status;
    const kubeconfig = join(dirname(plane.kubeconfigPath), 'nobody.kubeconfig');
    await writeKubeconfig(kubeconfig, { ...plane, token });
    const blind = await doctor(kubeconfig);
    expect(blind('lease')).toEqual([expect.stringMatching(/^unknown: You may not look/)]);
    expect(blind('your-rights')[0]).toMatch(/^warning: You: Not allowed in the whole cluster/);
  });

  /** All that the operator needs, everywhere. */
  async function grant(): Promise<void> {
    const head = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'operator' } };
    const rules = RIGHTS.map(({ group, resource, verbs, names }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs,
      resourceNames: names ?? [],
    }));
    await put(`${RBAC}/clusterroles`, { ...head, kind: 'ClusterRole', rules });
    await put(`${RBAC}/clusterrolebindings`, {
      ...head,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'operator' },
      subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: OWN }],
    });
  }
});

interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly status?: object;
  readonly [field: string]: unknown;
}

function condition(type: string, status: string, reason: string, message: string): object {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return { type, status, reason, message, lastTransitionTime };
}

function bot(name: string, conditions: readonly object[]): Applied {
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: { name },
    spec: {
      tokenSecretRef: { name },
      handlers: [{ command: { name: 'start', reply: { text: 'Hello.' } } }],
    },
    status: { conditions },
  };
}

function shards(status: object): Applied {
  const container = { name: 'runtime', image: 'none', resources: { limits: { cpu: '1' } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'tenantbot-default', labels: LABELS },
    spec: {
      replicas: 1,
      serviceName: 'tenantbot-default',
      selector: { matchLabels: { app: 'shards' } },
      template: { metadata: { labels: { app: 'shards' } }, spec: { containers: [container] } },
    },
    status: { replicas: 1, ...status },
  };
}

function pod(name: string, reason: string | undefined): Applied {
  const labels = { 'app.kubernetes.io/component': 'runtime' };
  const waiting = {
    name: 'runtime',
    ready: false,
    restartCount: 0,
    image: 'none',
    imageID: '',
    state: { waiting: { reason } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      serviceAccountName: 'nothing',
      automountServiceAccountToken: false,
      containers: [{ name: 'runtime', image: 'none' }],
    },
    status: { containerStatuses: reason === undefined ? [] : [waiting] },
  };
}

function quota(used: string): Applied {
  const hard = { pods: '3' };
  const metadata = { name: 'small' };
  const head = { apiVersion: 'v1', kind: 'ResourceQuota', metadata };
  return { ...head, spec: { hard }, status: { hard, used: { pods: used } } };
}

function limits(cpu: string): Applied {
  const metadata = { name: 'small' };
  const spec = { limits: [{ type: 'Container', max: { cpu } }] };
  return { apiVersion: 'v1', kind: 'LimitRange', metadata, spec };
}
