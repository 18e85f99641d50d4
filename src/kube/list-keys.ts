/**
 * Which lists of the built-in kinds the API server merges by key (`x-kubernetes-list-type: map`),
 * by field name, or by the name of the field around and the field where the name alone says too
 * little. Every other list is atomic: it belongs to one writer as a whole.
 */
export const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  'containers.ports': ['containerPort', 'protocol'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  'initContainers.ports': ['containerPort', 'protocol'],
  ownerReferences: ['uid'],
  'spec.ports': ['port', 'protocol'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** What the API server fills in where a key is left out. */
export const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Lists of scalars that the API server merges as sets. */
export const SET_LISTS: ReadonlySet<string> = new Set(['finalizers']);

/** Maps that belong to one writer as a whole (`x-kubernetes-map-type: atomic`). */
export const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'labelSelector',
  'namespaceSelector',
  'nodeSelector',
  'podSelector',
  'selector',
]);

/** Maps whose values are quantities: `1000m` comes back as `1`. */
export const QUANTITY_MAPS: ReadonlySet<string> = new Set(['limits', 'requests', 'hard']);
