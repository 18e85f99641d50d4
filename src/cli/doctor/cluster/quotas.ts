import { PART_OF } from '../../../controller/names.ts';
import { quantityOf } from '../../../kube/quantity.ts';
import type { KubeObject, Resource } from '../../../kube/resource.ts';
import { STATEFUL_SETS, type StatefulSet } from '../../../kube/well-known.ts';
import { orOk, type Said, wrong } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

type Amounts = Readonly<Record<string, string>>;

interface ResourceQuota extends KubeObject {
  readonly status?: { readonly hard?: Amounts; readonly used?: Amounts };
}

interface LimitRange extends KubeObject {
  readonly spec: {
    readonly limits?: readonly {
      readonly type: string;
      readonly max?: Amounts;
      readonly min?: Amounts;
    }[];
  };
}

interface PodSpec {
  readonly containers?: readonly {
    readonly resources?: { readonly limits?: Amounts; readonly requests?: Amounts };
  }[];
}

const RESOURCE_QUOTAS: Resource<ResourceQuota> = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};
const LIMIT_RANGES: Resource<LimitRange> = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  namespaced: true,
};

/** What a quota counts that pods need. */
const OF_PODS = /^(pods|count\/pods|(requests\.|limits\.)?(cpu|memory|ephemeral-storage))$/;

/** Whether quotas or limits of the namespace keep pods of shards away. */
export async function checkQuotas(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace } = world;
  const [quotas, ranges, sets] = await Promise.all([
    client.list(RESOURCE_QUOTAS, { namespace }),
    client.list(LIMIT_RANGES, { namespace }),
    client.list(STATEFUL_SETS, { namespace, labelSelector: PART_OF }),
  ]);
  const said = [
    ...quotas.items.flatMap(usedUp),
    ...ranges.items.flatMap((range) => sets.items.flatMap((set) => outOfRange(range, set))),
  ];
  return orOk(said, `No quota and no LimitRange of ${namespace} is in the way of shards.`);
}

function usedUp({ metadata, status = {} }: ResourceQuota): readonly Said[] {
  const { hard = {}, used = {} } = status;
  return Object.entries(hard).flatMap(([what, most]) => {
    if (!OF_PODS.test(what) || !(quantityOf(used[what] ?? 0) >= quantityOf(most))) return [];
    const words = `ResourceQuota ${metadata.namespace}/${metadata.name} is used up: ${what} ${used[what]} of ${most}. No pod more is made there.`;
    return [wrong(words, 'Raise it, or lower resources or maxShards of the fleets.')];
  });
}

function outOfRange(
  { metadata, spec }: LimitRange,
  { metadata: set, spec: { template } }: StatefulSet,
): readonly Said[] {
  const { containers = [] } = (template.spec ?? {}) as PodSpec;
  const ofContainers = (spec.limits ?? []).filter(({ type }) => type === 'Container');
  return ofContainers.flatMap(({ max = {}, min = {} }) =>
    containers.flatMap(({ resources = {} }) => {
      const { limits = {}, requests = {} } = resources;
      const above = Object.entries(max).filter(([what, most]) =>
        exceeds(limits[what] ?? requests[what], most),
      );
      const below = Object.entries(min).filter(([what, least]) =>
        exceeds(least, requests[what] ?? limits[what]),
      );
      return [
        ...above.map(
          ([what, most]) =>
            `${what} up to ${limits[what] ?? requests[what]}, and ${most} is the most`,
        ),
        ...below.map(
          ([what, least]) =>
            `${what} from ${requests[what] ?? limits[what]}, and ${least} is the least`,
        ),
      ].map((why) =>
        wrong(
          `LimitRange ${metadata.namespace}/${metadata.name} refuses pods of StatefulSet ${set.name}: they ask for ${why}.`,
          'Change the LimitRange, or spec.runtime.resources of the fleet.',
        ),
      );
    }),
  );
}

/** False where one of them is not said. */
function exceeds(amount: string | undefined, most: string | undefined): boolean {
  return quantityOf(amount) > quantityOf(most);
}
