import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta } from './fleet-meta.ts';

/** Who the pods of a fleet are: without any right, and without a token but for the control channel. */
export function serviceAccount(fleet: FleetIdentity): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: fleetMeta(fleet),
    automountServiceAccountToken: false,
  };
}
