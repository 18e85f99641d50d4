import type { ApiClient } from './api-client.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const RBAC_VERSION = 'rbac.authorization.k8s.io/v1';

/** Gives CoreDNS its rights: what `kubeadm` would have done and nobody else does. */
export async function grantDnsRights(api: ApiClient): Promise<void> {
  const metadata = { name: 'coredns' };
  const verbs = ['list', 'watch'];
  await api.create(`${RBAC}/clusterroles`, {
    apiVersion: RBAC_VERSION,
    kind: 'ClusterRole',
    metadata,
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
    ],
  });
  await api.create(`${RBAC}/clusterrolebindings`, {
    apiVersion: RBAC_VERSION,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'coredns' },
    subjects: [{ kind: 'User', name: 'coredns', apiGroup: 'rbac.authorization.k8s.io' }],
  });
}
