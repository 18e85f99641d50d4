/** Names the fleet that an object of the cluster belongs to. */
export const FLEET_LABEL = 'tenantbot.dev/fleet';

/** Who writes: the field manager of every object and status that comes from the operator. */
export const FIELD_MANAGER = 'tenantbot-operator';

/** Selects the pods and objects of this system in the operator's namespace. */
export const PART_OF = 'app.kubernetes.io/part-of=tenantbot';

/** The name of a fleet's StatefulSet, and of all else that it has one of; pods append `-<ordinal>`. */
export function fleetObjectName(fleet: string): string {
  return `tenantbot-${fleet}`;
}

/** The name of the ConfigMap with a fleet's grants. No fleet has a dot in its name. */
export function grantsObjectName(fleet: string): string {
  return `${fleetObjectName(fleet)}.grants`;
}

/** The name of the Service that a fleet's public address leads to. */
export function webhookServiceName(fleet: string): string {
  return `${fleetObjectName(fleet)}-webhook`;
}

/** Keeps the hash of what was applied last. */
export const APPLIED_HASH = 'tenantbot.dev/applied-hash';
