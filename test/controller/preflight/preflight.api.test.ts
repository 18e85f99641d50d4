import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preflight } from '../../../src/controller/preflight/preflight.ts';
import { LEADER_LEASE, type Right, rightsFor } from '../../../src/controller/rights.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { LEASES } from '../../../src/kube/elector-record.ts';
import { errorMessage } from '../../../src/lib/errors.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { installCrds } from '../../cluster/install-crds.ts';
import { writeKubeconfig } from '../../cluster/kubeconfig.ts';
import { type RawRequest, rawApi } from '../../cluster/raw-api.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { connect } from '../../kube/api-world.ts';
import { tenantbot } from '../../support/tenantbot.ts';

const OWN = 'operators';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const ALL = rightsFor({ watchSecrets: false });
/** A moment passes until the API server goes by new rules. */
const SOON = { timeout: 15_000, interval: 50 };

// On a control plane of its own: CRDs are everybody's.
describeWithApiServer('the start of the operator', () => {
  let controlPlane: ControlPlane;
  let kubeconfig: string;
  let client: KubeClient & { close(): Promise<void> };

  beforeAll(async () => {
    controlPlane = await startControlPlane({ log: () => undefined });
    for (const name of [OWN, 'tenants-a', 'tenants-b']) {
      await api({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    }
    const accounts = `/api/v1/namespaces/${OWN}/serviceaccounts`;
    await api({ method: 'POST', path: accounts, body: { metadata: { name: 'operator' } } });
    const path = `${accounts}/operator/token`;
    const review = (await api({ method: 'POST', path, body: { spec: {} } })) as TokenRequest;
    kubeconfig = join(dirname(controlPlane.kubeconfigPath), 'operator.kubeconfig');
    await writeKubeconfig(kubeconfig, { ...controlPlane, token: review.status.token });
    client = await connect(kubeconfig, { rate: { perSecond: 500, burst: 500 } });
  });
  afterAll(async () => {
    await client.close();
    await controlPlane.stop();
  });

  async function api(request: RawRequest): Promise<unknown> {
    const { status, body } = await rawApi(controlPlane.kubeconfigPath, request);
    if (status >= 300) expect.unreachable(JSON.stringify(body));
    return body;
  }

  function apply(path: string, body: object): Promise<unknown> {
    const contentType = 'application/apply-patch+yaml';
    const query = '?fieldManager=tests&force=true';
    return api({ method: 'PATCH', path: `${path}${query}`, body, contentType });
  }

  /** Gives the operator these rights, and no others, in a namespace or everywhere. */
  async function grant(rights: readonly Right[], namespace?: string): Promise<void> {
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const prefix = namespace === undefined ? 'Cluster' : '';
    const head = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'operator' } };
    const rules = rights.map(({ group, resource, verbs, names }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs,
      ...(names && { resourceNames: names }),
    }));
    const kind = `${prefix}Role`;
    const path = `${RBAC}${scope}/${kind.toLowerCase()}`;
    await apply(`${path}s/operator`, { ...head, kind, rules });
    await apply(`${path}bindings/operator`, {
      ...head,
      kind: `${kind}Binding`,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'operator' },
      subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: OWN }],
    });
  }

  /** What keeps the operator from its work, a sentence each. */
  async function problems(botNamespaces?: readonly string[]): Promise<string[]> {
    const places = { ownNamespace: OWN, botNamespaces };
    try {
      await preflight(client, { rights: ALL, places }, {});
      return [];
    } catch (error) {
      return errorMessage(error).split('\n');
    }
  }

  it('names each rule that is missing, and says where', async () => {
    await installCrds(controlPlane.kubeconfigPath);
    await grant(ALL.filter(({ where }) => where !== 'own'));
    await grant(
      ALL.filter(({ where }) => where === 'own'),
      OWN,
    );
    await expect.poll(() => problems(), SOON).toEqual([]);

    await grant(
      ALL.filter(({ where, resource }) => where === 'own' && resource !== 'statefulsets'),
      OWN,
    );
    const verbs = ['list', 'watch', 'create', 'patch', 'delete'];
    const sentences = verbs.map((verb) => missing(OWN, 'apps', 'statefulsets', verb));
    await expect.poll(() => problems(), SOON).toEqual(sentences);

    // The program itself says so, and ends.
    const ran = await tenantbot(
      dirname(kubeconfig),
      'operator',
      `--kubeconfig=${kubeconfig}`,
      `--namespace=${OWN}`,
      '--pod-name=by-hand',
      '--image=none',
    );
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(sentences[0]);
  });

  it('lets the operator watch its one Lease, and no other', async () => {
    await grant(
      ALL.filter(({ where }) => where === 'own'),
      OWN,
    );
    const listed = async (name?: string): Promise<string> => {
      const selected = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
      try {
        const { metadata } = await client.list(LEASES, { namespace: OWN, ...selected });
        const { resourceVersion } = metadata;
        const watch = { namespace: OWN, ...selected, resourceVersion, timeoutSeconds: 1 };
        for await (const { type } of client.watch(LEASES, watch)) if (type !== 'BOOKMARK') break;
        return 'watched';
      } catch (error) {
        return errorMessage(error);
      }
    };
    await expect.poll(() => listed(LEADER_LEASE), SOON).toBe('watched');
    expect(await listed('another')).toContain('forbidden');
    expect(await listed()).toContain('forbidden');
  });

  it('names the one namespace of several that it has no rights in', async () => {
    const bots = ALL.filter(({ where }) => where === 'bots');
    await grant(ALL.filter(({ where }) => where === 'cluster'));
    await grant(
      ALL.filter(({ where }) => where === 'own'),
      OWN,
    );
    await grant(bots, 'tenants-a');
    await grant(
      bots.filter(({ resource }) => resource !== 'secrets'),
      'tenants-b',
    );
    await expect
      .poll(() => problems(['tenants-a', 'tenants-b']), SOON)
      .toEqual([missing('tenants-b', '', 'secrets', 'get')]);
  });

  it('says that CRDs are older than it needs, or not there', async () => {
    await grant(ALL);
    const name = 'tenantbots.tenantbot.dev';
    const crd = (await api({ path: `${CRDS}/${name}` })) as Definition;
    delete crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties['logLevel'];
    await api({ method: 'PUT', path: `${CRDS}/${name}`, body: crd });
    const older = `The CRD ${name} is older than this operator: it lacks the field spec.logLevel.`;
    await expect.poll(() => problems(), SOON).toEqual([expect.stringContaining(older)]);

    await api({ method: 'DELETE', path: `${CRDS}/${name}` });
    const absent = `The CRD ${name} is not installed.`;
    await expect.poll(() => problems(), SOON).toEqual([expect.stringContaining(absent)]);
  });
});

interface TokenRequest {
  readonly status: { readonly token: string };
}

/** As much of our CRD as is changed here. */
interface Definition {
  readonly spec: {
    readonly versions: readonly [
      {
        readonly schema: {
          readonly openAPIV3Schema: {
            readonly properties: { readonly spec: { properties: Record<string, unknown> } };
          };
        };
      },
    ];
  };
}

function missing(namespace: string, group: string, resource: string, verb: string): string {
  return `Not allowed in namespace "${namespace}": apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]. Add the rule to the operator's role; the chart has it.`;
}
