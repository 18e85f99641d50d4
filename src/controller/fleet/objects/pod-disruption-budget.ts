import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';

/** Who drains nodes takes one shard of a fleet at a time, and waits for a fleet that is unwell. */
export function podDisruptionBudget(fleet: FleetIdentity): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: fleetMeta(fleet),
    spec: { maxUnavailable: 1, selector: { matchLabels: fleetSelector(fleet.name) } },
  };
}
