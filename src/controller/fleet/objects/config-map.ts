import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta } from './fleet-meta.ts';
import { CA_FILE } from './runtime-contract.ts';

/** What pods check the leader's certificate against. They read it anew: a change restarts nothing. */
export function configMap(fleet: FleetIdentity, controlCa: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: fleetMeta(fleet),
    data: { [CA_FILE]: controlCa },
  };
}
