import type { AdminBackend } from '../../admin/backend.ts';
import type { Limits } from '../../admin/limits/limits.ts';
import { type AdminServer, startAdminServer } from '../../admin/server.ts';
import type { KeyPair } from '../../lib/certificates.ts';
import { clusterAccess } from './cluster-access.ts';
import { type ClusterBackendOptions, clusterBackend } from './cluster-backend.ts';

/** How the admin API of a cluster is served. */
export interface ClusterAdminOptions
  extends Pick<ClusterBackendOptions, 'clientFor' | 'history' | 'audit'> {
  readonly port: number;
  /** The Service in front of all replicas. */
  readonly service: string;
  /** Names it is reached by beside that of the Service. */
  readonly names: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly limits: Limits;
  /** Shown in place of what the operator's own authority has issued. */
  readonly certificate: (() => KeyPair) | undefined;
  /** The folder of the page. */
  readonly page: string;
}

/** What the operator brings to it. */
export interface AdminSurroundings
  extends Omit<ClusterBackendOptions, 'clientFor' | 'history' | 'audit'> {
  /** What the operator's own authority has issued, */
  readonly ownCertificate: () => KeyPair;
  /** and the name by which other replicas come to this one: to them it is shown in any case. */
  readonly leaderHost: string;
}

/** Serves the admin API in this replica, whether or not it leads. Rejects where it can't listen. */
export function serveAdmin(
  options: ClusterAdminOptions,
  { ownCertificate, leaderHost, ...surroundings }: AdminSurroundings,
): Promise<AdminServer> {
  const { client, clock, log, namespace } = surroundings;
  const backend: AdminBackend = clusterBackend({ ...surroundings, ...options });
  return startAdminServer({
    host: '::',
    port: options.port,
    names: [leaderHost, ...adminNames(options.service, namespace), ...options.names],
    trustedProxies: options.trustedProxies,
    limits: options.limits,
    certificate: (name) =>
      (name === leaderHost ? ownCertificate : (options.certificate ?? ownCertificate))(),
    page: options.page,
    deps: { backend, access: clusterAccess(client, clock), clock, log },
  });
}

/** What `service` is called by within the cluster. */
export function adminNames(service: string, namespace: string): readonly string[] {
  return [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`, service];
}
