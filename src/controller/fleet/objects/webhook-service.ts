import type { Manifest } from '../../../kube/resource.ts';
import { webhookServiceName } from '../../names.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';
import { WEBHOOK_PORT_NAME } from './runtime-contract.ts';

/**
 * Where whatever stands at the fleet's public address hands webhooks on to: any pod will do, since
 * pods pass on among themselves what is for another shard.
 */
export function webhookService(fleet: FleetIdentity): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...fleetMeta(fleet), name: webhookServiceName(fleet.name) },
    spec: {
      type: 'ClusterIP',
      selector: fleetSelector(fleet.name),
      ports: [{ name: WEBHOOK_PORT_NAME, port: 80, targetPort: WEBHOOK_PORT_NAME }],
    },
  };
}
