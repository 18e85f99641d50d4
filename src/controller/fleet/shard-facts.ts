import type { ContainerStatus, Pod, StatefulSet } from '../../kube/well-known.ts';

/** How the pods of a fleet do. */
export interface ShardFacts {
  readonly readyShards: number;
  /** By ordinal. */
  readonly ready: readonly boolean[];
  /** Those of a pod template before the newest. */
  readonly outdatedShards: number;
  /** What keeps the first shard that is not at work from it, as far as a pod tells. */
  readonly trouble: string | undefined;
  /** Some pod is not there at all. */
  readonly missing: boolean;
}

/** Set by the StatefulSet controller on each pod. */
const REVISION_LABEL = 'controller-revision-hash';

/** What keeps a shard that is being renewed from its work; undefined where it is at work, renewed. */
export function renewalTrouble(
  pod: Pod | undefined,
  statefulSet: StatefulSet | undefined,
): string | undefined {
  if (!pod) return 'its pod is not there.';
  if (isOutdated(pod, statefulSet)) return 'its pod is about to be renewed.';
  return troubleOf(pod) ?? (isReady(pod) ? undefined : 'its pod is not Ready.');
}

/** Looks at the pods of the ordinals below `shards`: a pure function. */
export function shardFacts(
  shards: number,
  podOf: (ordinal: number) => Pod | undefined,
  statefulSet: StatefulSet | undefined,
): ShardFacts {
  const ready = Array.from({ length: shards }, () => false);
  let outdatedShards = 0;
  let trouble: string | undefined;
  let missing = false;
  for (let ordinal = 0; ordinal < shards; ordinal++) {
    const pod = podOf(ordinal);
    if (!pod) {
      missing = true;
      continue;
    }
    ready[ordinal] = isReady(pod);
    if (!ready[ordinal]) trouble ??= troubleOf(pod);
    if (isOutdated(pod, statefulSet)) outdatedShards++;
  }
  const readyShards = ready.filter(Boolean).length;
  return { readyShards, ready, outdatedShards, trouble, missing };
}

/** Whether the pod is at work, and to stay so. */
export function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return metadata.deletionTimestamp === undefined && ready?.status === 'True';
}

/** Until the StatefulSet controller has seen the newest template, every pod may be of another. */
function isOutdated({ metadata }: Pod, statefulSet: StatefulSet | undefined): boolean {
  const { observedGeneration = 0, updateRevision } = statefulSet?.status ?? {};
  const seen = observedGeneration >= (statefulSet?.metadata.generation ?? 0);
  return !seen || metadata.labels?.[REVISION_LABEL] !== updateRevision;
}

/** In words that stay the same while the trouble does: waits and tries are not counted in them. */
function troubleOf({ metadata: { name }, status }: Pod): string | undefined {
  const unscheduled = status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable',
  );
  if (unscheduled) return `No node takes pod ${name}: see kubectl describe pod ${name}.`;
  const [container] = status?.containerStatuses ?? [];
  return container && containerTrouble(name, container);
}

function containerTrouble(pod: string, { state, restartCount }: ContainerStatus) {
  const { reason = '', message } = state?.waiting ?? {};
  if (IMAGE_TROUBLE.has(reason)) {
    return `The image of pod ${pod} can't be had: see kubectl describe pod ${pod}.`;
  }
  if (CONFIG_TROUBLE.has(reason)) return `Pod ${pod} can't start: ${message}.`;
  if (restartCount === 0) return undefined;
  return `The process in pod ${pod} has ended before: see kubectl logs --previous ${pod}.`;
}

const IMAGE_TROUBLE = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
]);
const CONFIG_TROUBLE = new Set(['CreateContainerConfigError', 'CreateContainerError']);
