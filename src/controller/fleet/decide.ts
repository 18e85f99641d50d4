import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { KubeObject, Manifest, OwnerReference } from '../../kube/resource.ts';
import { type FleetSize, fleetSize } from '../../planner/size.ts';
import { FIELD_MANAGER } from '../names.ts';
import type { GatheredFleet } from './gather.ts';
import { type FleetObjects, fleetObjects } from './objects/fleet-objects.ts';
import type { PodDefaults } from './objects/pod-template.ts';
import { holdBack, immutableChange, TEMPLATE_HASH } from './objects/stateful-set.ts';
import { planRollout, type RolloutPlan } from './rollout.ts';

/** What is to be done about one object of a fleet. */
export type Step =
  | { readonly kind: 'apply'; readonly desired: Manifest }
  /** It has to be made anew, for the sake of a field that can't be changed; its pods stay. */
  | { readonly kind: 'replace'; readonly field: string }
  /** It is on its way out, by itself or with the fleet of the same name before this one. */
  | { readonly kind: 'wait'; readonly whose: 'own' | 'former' }
  /** It is no longer wanted. */
  | { readonly kind: 'remove' }
  /** It is neither there nor wanted, or there and none of ours. */
  | { readonly kind: 'ignore' }
  /** It is somebody else's. */
  | { readonly kind: 'refuse'; readonly message: string };

/** What becomes of a fleet. */
export type FleetPlan =
  /** It is on its way out: whoever deletes it takes its objects along. */
  | { readonly kind: 'leave' }
  /** Nobody can tell what it wants: what runs goes on. */
  | { readonly kind: 'keep'; readonly message: string }
  | {
      readonly kind: 'build';
      /** Pods that there are to be; those from `wanted` on go once no bot has its place there. */
      readonly shards: number;
      readonly wanted: number;
      /** How far the renewal of the pods is. */
      readonly rollout: RolloutPlan;
      readonly steps: { readonly [Kind in keyof FleetObjects]-?: Step };
    };

/** What holds for all fleets. */
export interface FleetSettings {
  readonly defaults: PodDefaults;
  /** Certificates in PEM that the leader's own is checked against. */
  readonly controlCa: string;
}

/** What becomes of one fleet: a pure function. */
export function decide(
  fleet: GatheredFleet,
  { defaults, controlCa }: FleetSettings,
  nowMs: number,
): FleetPlan {
  const { object, reading, live } = fleet;
  const { name, namespace = '', uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return { kind: 'leave' };
  if (reading.kind === 'invalid') return { kind: 'keep', message: reading.message };
  const { spec } = reading;
  const { wanted, shards } = sizeOf(fleet, spec);
  const objects = fleetObjects({ name, namespace, uid }, { spec, shards, controlCa, defaults });
  const rollout = planRollout({
    shards,
    canarySeconds: spec.runtime.canarySeconds,
    templateHash: objects.StatefulSet.metadata.annotations?.[TEMPLATE_HASH],
    live: live.StatefulSet,
    known: fleet.status?.rollout,
    judge: fleet.judgeCanary,
    nowMs,
  });
  const desired: FleetObjects = {
    ...objects,
    StatefulSet: holdBack(objects.StatefulSet, rollout.partition),
  };
  const step = (kind: keyof FleetObjects): Step => {
    const hindered = hindrance(object, live[kind], kind);
    const wanted = desired[kind];
    if (wanted) return hindered ?? { kind: 'apply', desired: wanted };
    return live[kind] && !hindered ? { kind: 'remove' } : { kind: 'ignore' };
  };
  return {
    kind: 'build',
    shards,
    wanted,
    rollout,
    steps: {
      ServiceAccount: step('ServiceAccount'),
      ConfigMap: step('ConfigMap'),
      Service: step('Service'),
      WebhookService: step('WebhookService'),
      NetworkPolicy: step('NetworkPolicy'),
      PodDisruptionBudget: step('PodDisruptionBudget'),
      StatefulSet: replacement(step('StatefulSet'), live.StatefulSet),
    },
  };
}

/** Why the object can't just be applied. */
function hindrance(
  fleet: KubeObject,
  live: KubeObject | undefined,
  kind: string,
): Step | undefined {
  if (live === undefined) return undefined;
  const { name, labels, deletionTimestamp } = live.metadata;
  const owner = controllerOf(live);
  if (isOfFormer(owner, fleet)) return { kind: 'wait', whose: 'former' };
  if (deletionTimestamp !== undefined) return { kind: 'wait', whose: 'own' };
  if (owner?.uid === fleet.metadata.uid) return undefined;
  // Without an owner it is one that the fleet before left behind, on purpose.
  const isOurs = labels?.['app.kubernetes.io/managed-by'] === FIELD_MANAGER;
  if (owner === undefined && isOurs) return undefined;
  const whose = owner ? `belongs to ${owner.kind} ${owner.name}` : 'was made by somebody else';
  return {
    kind: 'refuse',
    message: `${kind} ${name} ${whose} and is in the way. Delete or rename it, or give the BotFleet another name.`,
  };
}

/** Whether it is a fleet of the same name before this one. */
function isOfFormer(owner: OwnerReference | undefined, { metadata }: KubeObject): boolean {
  return owner?.kind === 'BotFleet' && owner.name === metadata.name && owner.uid !== metadata.uid;
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function replacement(step: Step, live: { readonly spec: object } | undefined): Step {
  if (step.kind !== 'apply' || live === undefined) return step;
  const field = immutableChange(step.desired, live);
  return field === undefined ? step : { kind: 'replace', field };
}

/** Who has places, the API server and the leader tell; each may not know yet what the other does. */
function sizeOf({ census, reserved, lost, status }: GatheredFleet, spec: BotFleetSpec): FleetSize {
  const { taken } = census;
  const used = [...taken, ...reserved].flatMap(([ordinal, count]) => (count > 0 ? [ordinal] : []));
  const placed = [...taken.values()].reduce((sum, count) => sum + count, 0);
  return fleetSize({
    sharding: spec.sharding,
    // One that is on its way out needs its place until it is gone.
    bots: Math.max(census.wanting, placed),
    shards: status?.shards ?? 0,
    lost,
    highestTaken: Math.max(-1, ...used),
  });
}
