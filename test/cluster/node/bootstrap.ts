import { environmentError } from '../../../src/lib/errors.ts';
import { rawApi } from '../raw-api.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const RBAC_VERSION = 'rbac.authorization.k8s.io/v1';

/** Gives CoreDNS its rights: what `kubeadm` would have done and nobody else does. */
export async function grantDnsRights(kubeconfig: string): Promise<void> {
  const metadata = { name: 'coredns' };
  const verbs = ['list', 'watch'];
  await create(kubeconfig, `${RBAC}/clusterroles`, {
    apiVersion: RBAC_VERSION,
    kind: 'ClusterRole',
    metadata,
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
    ],
  });
  await create(kubeconfig, `${RBAC}/clusterrolebindings`, {
    apiVersion: RBAC_VERSION,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'coredns' },
    subjects: [{ kind: 'User', name: 'coredns', apiGroup: 'rbac.authorization.k8s.io' }],
  });
}

async function create(kubeconfig: string, path: string, object: object): Promise<void> {
  const { status, body } = await rawApi(kubeconfig, { method: 'POST', path, body: object });
  if (status !== 201) {
    throw environmentError('NODE_BOOTSTRAP', `POST ${path}: ${status} ${JSON.stringify(body)}`);
  }
}
