import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';
import { HEALTH_PORT } from './runtime-contract.ts';

/**
 * Nobody reaches the pods of a fleet but those who probe and scrape them. What the pods call is not
 * limited: Telegram has no fixed addresses, and where tenants' services may lie is for
 * `spec.tenancy.allowedForwardHosts` to say, by name.
 */
export function networkPolicy(fleet: FleetIdentity): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: fleetMeta(fleet),
    spec: {
      podSelector: { matchLabels: fleetSelector(fleet.name) },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: HEALTH_PORT }] }],
    },
  };
}
