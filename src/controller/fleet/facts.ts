import type { BotFleetStatus } from '../../api/bot-fleet.ts';
import type { FleetFacts, FleetProblem } from '../../api/fleet-status.ts';
import { capsOf } from '../../control/grants.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import { fleetObjectName } from '../names.ts';
import type { Applied } from './apply.ts';
import type { FleetPlan } from './decide.ts';
import type { GatheredFleet } from './gather.ts';
import { type ShardFacts, shardFacts } from './shard-facts.ts';

/** A StatefulSet makes its pods within seconds, or cannot and tells only by events. */
export const PODS_MISSING_AFTER_MS = 10_000;

/** What the status of a fleet follows from, after the work on its objects: a pure function. */
export function fleetFacts(
  fleet: GatheredFleet,
  plan: Exclude<FleetPlan, { kind: 'leave' }>,
  applied: Applied,
  nowMs: number,
): FleetFacts {
  const { object, census, podOf, status } = fleet;
  const shards = plan.kind === 'build' ? plan.shards : (applied.statefulSet?.spec.replicas ?? 0);
  const pods = shardFacts(shards, podOf, applied.statefulSet);
  const trouble = applied.waiting ? WAITING : (pods.trouble ?? podsMissing(fleet, pods, nowMs));
  const problem = problemOf(plan, applied);
  return {
    generation: object.metadata.generation ?? 0,
    shards,
    drainingShards: plan.kind === 'build' ? shards - plan.wanted : 0,
    // Those of the fleet before are about to go with it.
    readyShards: succeeds(plan) ? 0 : pods.readyShards,
    outdatedShards: pods.outdatedShards,
    ...rolloutOf(fleet, plan),
    ...sharding(fleet, status),
    bots: census.bots,
    wantingBots: census.wanting,
    readyBots: census.ready,
    perShard: pods.ready.map((ready, shard) => ({
      shard,
      ready: ready && !succeeds(plan),
      bots: census.taken.get(shard) ?? 0,
    })),
    ...ratesOf(fleet),
    history: fleet.history,
    ...(trouble !== undefined && { trouble }),
    ...(problem && { problem }),
  };
}

/** Where nobody can tell what the fleet wants, its rollout stays where it was. */
function rolloutOf(
  { status }: GatheredFleet,
  plan: Exclude<FleetPlan, { kind: 'leave' }>,
): Pick<FleetFacts, 'rollout' | 'canaryTrouble'> {
  if (plan.kind === 'keep') return status?.rollout ? { rollout: status.rollout } : {};
  const { rollout, trouble } = plan.rollout;
  return { ...(rollout && { rollout }), ...(trouble !== undefined && { canaryTrouble: trouble }) };
}

/** Where they are not known yet, as under a new leader, what they last were. */
function ratesOf({ reading, rates, status }: GatheredFleet): Pick<FleetFacts, 'rates'> {
  if (reading.kind === 'ok' && capsOf(reading.spec.rateLimits).size === 0) return {};
  const known = rates ?? status?.rates;
  return known ? { rates: known } : {};
}

function succeeds(plan: FleetPlan): boolean {
  if (plan.kind !== 'build') return false;
  return Object.values(plan.steps).some((step) => step.kind === 'wait' && step.whose === 'former');
}

const WAITING = 'Former objects of the same names have to go first.';

function problemOf(plan: FleetPlan, { problem }: Applied): FleetProblem | undefined {
  if (plan.kind === 'keep') return { reason: 'ManifestInvalid', message: plan.message };
  return problem === undefined ? undefined : { reason: 'ApplyFailed', message: problem };
}

/** Where the spec can't be read, what it last was. */
function sharding(
  { reading }: GatheredFleet,
  status: BotFleetStatus | undefined,
): Pick<FleetFacts, 'botsPerShard' | 'maxShards'> {
  if (reading.kind === 'ok') {
    const { botsPerShard, maxShards } = reading.spec.sharding;
    return { botsPerShard, maxShards };
  }
  const { capacity = 0, shards = 0 } = status ?? {};
  return {
    botsPerShard: shards === 0 ? 0 : capacity / shards,
    maxShards: Number.POSITIVE_INFINITY,
  };
}

function podsMissing(
  { object, status }: GatheredFleet,
  { missing }: ShardFacts,
  nowMs: number,
): string | undefined {
  const starting = status?.conditions?.find(({ type }) => type === 'Reconciling');
  const sinceMs = starting && nowMs - fromTimestamp(starting.lastTransitionTime);
  if (!missing || sinceMs === undefined || sinceMs < PODS_MISSING_AFTER_MS) return undefined;
  const name = fleetObjectName(object.metadata.name);
  return `Pods are missing: see kubectl describe statefulset ${name}.`;
}
