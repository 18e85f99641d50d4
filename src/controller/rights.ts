/** What the operator may do with one kind of objects. */
export interface Right {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plural, with its subresource: `tenantbots/status`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Where: in every namespace that bots may live in, in the operator's own, or without namespace. */
  readonly where: 'bots' | 'own' | 'cluster';
  /** Only objects of these names. */
  readonly names?: readonly string[];
  /** Only where Secrets are watched, or only where they are not. */
  readonly when?: 'secrets-watched';
}

/** The Secret with the control channel's certificate authority. */
export const AUTHORITY_SECRET = 'tenantbot-control-ca';
/** The Lease that the leader holds. */
export const LEADER_LEASE = 'tenantbot-operator';

/**
 * All that the operator ever asks of the API server. The chart's roles grant exactly this, start-up
 * refuses when any of it is missing, and a test compares it with the API server's audit log.
 */
export const RIGHTS: readonly Right[] = [
  right('bots', 'tenantbot.dev', 'tenantbots', 'get', 'list', 'watch', 'patch'),
  right('bots', 'tenantbot.dev', 'tenantbots/status', 'patch'),
  // By name only: whoever can list Secrets can read all of them.
  right('bots', '', 'secrets', 'get'),
  { ...right('bots', '', 'secrets', 'list', 'watch'), when: 'secrets-watched' },
  right('bots', 'events.k8s.io', 'events', 'create', 'patch'),
  right('own', 'tenantbot.dev', 'botfleets', 'list', 'watch', 'create', 'patch'),
  right('own', 'tenantbot.dev', 'botfleets/status', 'patch'),
  right('own', 'events.k8s.io', 'events', 'create', 'patch'),
  right('own', 'apps', 'statefulsets', 'list', 'watch', 'create', 'patch', 'delete'),
  right('own', 'policy', 'poddisruptionbudgets', 'list', 'watch', 'create', 'patch'),
  right('own', 'networking.k8s.io', 'networkpolicies', 'list', 'watch', 'create', 'patch'),
  right('own', '', 'serviceaccounts', 'list', 'watch', 'create', 'patch'),
  right('own', '', 'services', 'list', 'watch', 'create', 'patch', 'delete'),
  right('own', '', 'configmaps', 'list', 'watch', 'create', 'patch'),
  right('own', '', 'pods', 'list', 'watch', 'patch'),
  right('own', 'coordination.k8s.io', 'leases', 'create'),
  {
    ...right('own', 'coordination.k8s.io', 'leases', 'get', 'list', 'watch', 'update'),
    names: [LEADER_LEASE],
  },
  right('own', '', 'secrets', 'create'),
  { ...right('own', '', 'secrets', 'get', 'update'), names: [AUTHORITY_SECRET] },
  right('cluster', '', 'namespaces', 'list', 'watch'),
  right('cluster', 'authentication.k8s.io', 'tokenreviews', 'create'),
  right('cluster', 'authorization.k8s.io', 'subjectaccessreviews', 'create'),
  {
    ...right('cluster', 'apiextensions.k8s.io', 'customresourcedefinitions', 'get'),
    names: ['tenantbots.tenantbot.dev', 'botfleets.tenantbot.dev'],
  },
];

/** The rights that an operator with these settings needs. */
export function rightsFor({ watchSecrets }: { readonly watchSecrets: boolean }): readonly Right[] {
  return RIGHTS.filter(({ when }) => when === undefined || watchSecrets);
}

function right(
  where: Right['where'],
  group: string,
  resource: string,
  ...verbs: readonly string[]
): Right {
  return { where, group, resource, verbs };
}
