import { API_VERSION } from '../../../api/group.ts';
import type { Manifest, OwnerReference } from '../../../kube/resource.ts';
import { FIELD_MANAGER, FLEET_LABEL, fleetObjectName } from '../../names.ts';

/** Which BotFleet an object is made for. */
export interface FleetIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** Labels by which the pods of a fleet are found. Never changed: a StatefulSet's can't be. */
export function fleetSelector(fleet: string): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': 'tenantbot',
    'app.kubernetes.io/component': 'runtime',
    [FLEET_LABEL]: fleet,
  };
}

/** Labels of every object of a fleet, its pods too. */
export function fleetLabels(fleet: string): Readonly<Record<string, string>> {
  return {
    ...fleetSelector(fleet),
    'app.kubernetes.io/part-of': 'tenantbot',
    'app.kubernetes.io/managed-by': FIELD_MANAGER,
  };
}

/** Says that an object goes when the fleet goes. */
export function ownerOf({ name, uid }: Omit<FleetIdentity, 'namespace'>): OwnerReference {
  // Without blockOwnerDeletion, which some clusters allow only to who may change the owner itself.
  return { apiVersion: API_VERSION, kind: 'BotFleet', name, uid, controller: true };
}

/** `metadata` of every object of a fleet that is kept in step with it. */
export function fleetMeta({ name, namespace, uid }: FleetIdentity): Manifest['metadata'] {
  return {
    name: fleetObjectName(name),
    namespace,
    labels: fleetLabels(name),
    ownerReferences: [ownerOf({ name, uid })],
  };
}
