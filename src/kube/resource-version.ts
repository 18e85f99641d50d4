import { TenantBotError } from '../lib/errors.ts';

/**
 * A resourceVersion as a number, to tell older from newer: within one resource they are integers
 * that only grow. Throws where it is none, as some aggregated API servers have it.
 */
export function parseResourceVersion(resourceVersion: string | undefined): bigint {
  if (resourceVersion === undefined || !/^\d+$/.test(resourceVersion)) {
    throw new TenantBotError(
      'remote',
      'KUBE_RESOURCE_VERSION',
      `the API server sent the resourceVersion ${JSON.stringify(resourceVersion)}, which is not an integer: objects of this API can't be watched`,
    );
  }
  return BigInt(resourceVersion);
}
