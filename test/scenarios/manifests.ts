import { API_VERSION } from '../../src/api/group.ts';

/** The fleet that all bots of scenarios run on, apart from those of other tests. */
export const FLEET = 'behave';

interface Name {
  readonly namespace: string;
  readonly name: string;
}

/** A TenantBot that polls and answers `/start` with its name, unless `spec` says otherwise. */
export function botManifest(metadata: Name, spec: object): object {
  return {
    apiVersion: API_VERSION,
    kind: 'TenantBot',
    metadata,
    spec: {
      fleet: FLEET,
      tokenSecretRef: { name: metadata.name },
      updates: { mode: 'Polling' },
      handlers: [{ command: { name: 'start', reply: { text: `I am ${metadata.name}` } } }],
      ...spec,
    },
  };
}

/** The Secret that the TenantBot of that name wants. */
export function secretManifest(metadata: Name, token: string): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token } };
}

/** The fleet. */
export function fleetManifest(
  namespace: string,
  { apiRoot, publicUrl }: { readonly apiRoot: string; readonly publicUrl: string },
): object {
  return {
    apiVersion: API_VERSION,
    kind: 'BotFleet',
    metadata: { namespace, name: FLEET },
    spec: { telegram: { apiRoot }, webhook: { publicUrl } },
  };
}
