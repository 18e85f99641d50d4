import { forwardHosts, type Refusal, refusal } from '../../api/tenancy.ts';
import { byAge } from './decide.ts';
import type { Gathered, GatheredBot } from './gather.ts';

/**
 * Which bots their fleets don't take, by uid: a pure function. Here a namespace is but a name, and
 * has the one label that every namespace of a cluster has.
 */
export function refusals({ bots, fleets }: Gathered): Map<string, Refusal> {
  const refused = new Map<string, Refusal>();
  const olderOf = new Map<string, number>();
  for (const { identity, manifest } of bots.toSorted((a, b) => byAge(aged(a), aged(b)))) {
    const { namespace } = manifest.metadata;
    const tenancy = fleets.get(manifest.spec.fleet)?.manifest.spec.tenancy;
    const group = `${namespace}/${manifest.spec.fleet}`;
    const botsOlderInNamespace = olderOf.get(group) ?? 0;
    olderOf.set(group, botsOlderInNamespace + 1);
    const found = refusal(tenancy ?? {}, {
      namespace,
      labels: { 'kubernetes.io/metadata.name': namespace },
      botsOlderInNamespace,
      forwardHosts: forwardHosts(manifest.spec),
    });
    if (found) refused.set(identity.uid, found);
  }
  return refused;
}

function aged({ key, identity }: GatheredBot) {
  return { key, createdAt: identity.creationTimestamp };
}
