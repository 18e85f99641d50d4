import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';
import { HEALTH_PORT, HEALTH_PORT_NAME } from './runtime-contract.ts';

/** Gives each pod of a fleet its name in DNS, and those who scrape metrics a list of them. */
export function headlessService(fleet: FleetIdentity): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: fleetMeta(fleet),
    spec: {
      clusterIP: 'None',
      selector: fleetSelector(fleet.name),
      ports: [{ name: HEALTH_PORT_NAME, port: HEALTH_PORT, targetPort: HEALTH_PORT_NAME }],
    },
  };
}
