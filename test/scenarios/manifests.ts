import { API_VERSION } from '../../src/api/group.ts';
import type { Manifest } from '../../src/kube/resource.ts';

interface Name {
  readonly namespace: string;
  readonly name: string;
}

/** A TenantBot of `fleet` that polls and answers `/start` with its name, unless `spec` says otherwise. */
export function botManifest(metadata: Name, fleet: string, spec: object): Manifest {
  return {
    apiVersion: API_VERSION,
    kind: 'TenantBot',
    metadata,
    spec: {
      fleet,
      tokenSecretRef: { name: metadata.name },
      updates: { mode: 'Polling' },
      handlers: [{ command: { name: 'start', reply: { text: `I am ${metadata.name}` } } }],
      ...spec,
    },
  };
}

/** The Secret that the TenantBot of that name wants. */
export function secretManifest(metadata: Name, token: string): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token } };
}

/** A fleet. */
export function fleetManifest(metadata: Name, spec: object): Manifest {
  return { apiVersion: API_VERSION, kind: 'BotFleet', metadata, spec };
}
