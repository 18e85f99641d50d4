/** The API group and the version that this program speaks. */
export const GROUP = 'tenantbot.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** A bot's full name, as people and logs write it: `namespace/name`. */
export type BotKey = `${string}/${string}`;

/** The {@link BotKey} of a namespaced object. */
export function keyOf(metadata: { readonly namespace: string; readonly name: string }): BotKey {
  return `${metadata.namespace}/${metadata.name}`;
}
