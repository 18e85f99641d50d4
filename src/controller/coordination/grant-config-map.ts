import { type GrantStore, grantConflict, type StoredText } from '../../coordinator/table.ts';
import { isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kube/well-known.ts';
import { type FleetIdentity, ownerOf } from '../fleet/objects/fleet-meta.ts';
import { grantsObjectName } from '../names.ts';

const KEY = 'grants.json';

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
      const metadata = { resourceVersion: version };
      try {
        const written = await (version === undefined
          ? client.create(CONFIG_MAPS, manifest(ref, fleet, data), { signal })
          : client.mergePatch(CONFIG_MAPS, ref, { metadata, data }, { signal }));
        return versionOf(written);
      } catch (error) {
        if (isStatus(error, 409) || isStatus(error, 404)) throw grantConflict(error);
        throw error;
      }
    },
  };
}

function versionOf({ metadata }: ConfigMap): string {
  return metadata.resourceVersion ?? '';
}

/** Without the label that the operator's caches select by: nobody needs to watch it. */
function manifest(
  ref: { readonly name: string; readonly namespace: string },
  fleet: FleetIdentity,
  data: Readonly<Record<string, string>>,
): Manifest {
  const metadata = { ...ref, ownerReferences: [ownerOf(fleet)] };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}
