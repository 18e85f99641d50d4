import { type GrantStore, grantConflict, type StoredText } from '../../coordinator/table.ts';
import { isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kube/well-known.ts';
import { errorMessage, TenantBotError } from '../../lib/errors.ts';
import { type FleetIdentity, ownerOf } from '../fleet/objects/fleet-meta.ts';
import { grantsObjectName } from '../names.ts';

const KEY = 'grants.json';

type Ref = Readonly<Record<'namespace' | 'name', string>>;

/**
 * Keeps the table of a fleet's grants in a ConfigMap that goes when the fleet goes. Versions are the
 * API server's own: a write takes effect only on what was read, or where there is nothing.
 */
export function grantConfigMap(client: KubeClient, fleet: FleetIdentity): GrantStore {
  const ref = { namespace: fleet.namespace, name: grantsObjectName(fleet.name) };
  return {
    async read(signal): Promise<StoredText | undefined> {
      // By its name, in a list: what the operator may do anyway.
      const fieldSelector = `metadata.name=${ref.name}`;
      const { items } = await client.list(CONFIG_MAPS, {
        namespace: ref.namespace,
        fieldSelector,
        signal,
      });
      const [found] = items;
      return found && { text: found.data?.[KEY] ?? '', version: versionOf(found) };
    },
    async write(text, version, signal): Promise<string> {
      const data = { [KEY]: text };
      // With its owner, in case somebody has taken that away.
      const metadata = { resourceVersion: version, ownerReferences: [ownerOf(fleet)] };
      try {
        const written = await (version === undefined
          ? client.create(CONFIG_MAPS, manifest(ref, fleet, data), { signal })
          : client.mergePatch(CONFIG_MAPS, ref, { metadata, data }, { signal }));
        return versionOf(written);
      } catch (error) {
        if (isStatus(error, 409) || isStatus(error, 404)) throw grantConflict(error);
        if (isStatus(error, 422)) throw refused(ref, error);
        throw error;
      }
    },
  };
}

/** Somebody has made it immutable: the operator may not delete ConfigMaps. */
function refused({ namespace, name }: Ref, cause: unknown): TenantBotError {
  const words = `ConfigMap ${namespace}/${name} can't be written, and shards get no more than they have: ${errorMessage(cause)}. Delete it (kubectl -n ${namespace} delete configmap ${name}): it is made anew`;
  return new TenantBotError('environment', 'GRANT_TABLE_REFUSED', words, { cause });
}

function versionOf({ metadata }: ConfigMap): string {
  return metadata.resourceVersion ?? '';
}

/** Without the label that the operator's caches select by: nobody needs to watch it. */
function manifest(
  ref: Ref,
  fleet: FleetIdentity,
  data: Readonly<Record<string, string>>,
): Manifest {
  const metadata = { ...ref, ownerReferences: [ownerOf(fleet)] };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}
