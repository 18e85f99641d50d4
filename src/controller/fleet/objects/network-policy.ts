import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';
import { HEALTH_PORT, WEBHOOK_PORT } from './runtime-contract.ts';

/**
 * Nobody reaches the pods of a fleet but those who probe and scrape them and, where it takes
 * webhooks, those who bring them: from where depends on the cluster's ingress, and is not limited. What the pods call is not
 * limited: Telegram has no fixed addresses, and where tenants' services may lie is for
 * `spec.tenancy.allowedForwardHosts` to say, by name.
 */
export function networkPolicy(fleet: FleetIdentity, takesWebhooks: boolean): Manifest {
  const ports = takesWebhooks ? [HEALTH_PORT, WEBHOOK_PORT] : [HEALTH_PORT];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: fleetMeta(fleet),
    spec: {
      podSelector: { matchLabels: fleetSelector(fleet.name) },
      policyTypes: ['Ingress'],
      ingress: [{ ports: ports.map((port) => ({ protocol: 'TCP', port })) }],
    },
  };
}
