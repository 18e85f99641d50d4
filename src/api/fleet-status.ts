import { isDeepStrictEqual } from 'node:util';
import type { BotFleetStatus } from './bot-fleet.ts';
import { type Finding, stampConditions } from './conditions.ts';
import { type FleetRates, roughly } from './fleet-rates.ts';
import { HISTORY_REASONS, type HistoryAvailability } from './history-availability.ts';
import type { Rollout } from './rollout.ts';
import type { ShardStatus } from './shard-status.ts';
import type { TenantBotStatus } from './tenant-bot-status.ts';

/** All that is known of one BotFleet at one moment. */
export interface FleetFacts {
  readonly generation: number;
  /** Shards there are to be, those of them at work, and those that still run as they were before. */
  readonly shards: number;
  readonly readyShards: number;
  readonly outdatedShards: number;
  /** The highest of them, whose bots are being moved to the others. */
  readonly drainingShards: number;
  /** Where the pods are being renewed. */
  readonly rollout?: Rollout;
  /** The shard that was renewed first does worse than before, and how; the others wait. */
  readonly canaryTrouble?: string;
  readonly maxShards: number;
  readonly botsPerShard: number;
  /** Bots that name the fleet, those of them that want a place, and those that are Ready. */
  readonly bots: number;
  readonly wantingBots: number;
  readonly readyBots: number;
  /** Each of its shards. */
  readonly perShard: readonly ShardStatus[];
  /** How its limits are handed out, where it has any. */
  readonly rates?: FleetRates;
  /** Whether what happens to its bots is kept. */
  readonly history?: HistoryAvailability;
  /** What keeps a shard from its work, as far as that is known. */
  readonly trouble?: string;
  /** Why the newest spec can't take effect before a person acts. */
  readonly problem?: FleetProblem;
}

/** What only a person can mend, and how. */
export interface FleetProblem {
  /** `ManifestInvalid` only in standalone: the file is broken, and the last good spec runs on. */
  readonly reason: 'ManifestInvalid' | 'ApplyFailed';
  readonly message: string;
}

/** Every reason that a condition of a BotFleet can give. */
export const FLEET_REASONS = [
  'ShardsReady',
  'ShardsStarting',
  'ShardsUpdating',
  'ShardsDraining',
  'CanaryUnhealthy',
  'Full',
  'ManifestInvalid',
  'ApplyFailed',
  ...HISTORY_REASONS,
] as const;
type FleetReason = (typeof FLEET_REASONS)[number];

/**
 * The whole status of a BotFleet: a pure function. Is `previous` itself where nothing has changed.
 * `Ready` speaks of the shards alone: a tenant's broken bot does not make the fleet unhealthy.
 * `now` is RFC 3339.
 */
export function botFleetStatus(
  facts: FleetFacts,
  previous: BotFleetStatus | undefined,
  now: string,
): BotFleetStatus {
  const { generation, shards, readyShards, botsPerShard, bots, readyBots } = facts;
  const context = { previous: previous?.conditions ?? [], generation, now };
  const status: BotFleetStatus = {
    observedGeneration: generation,
    shards,
    readyShards,
    bots,
    readyBots,
    capacity: shards * botsPerShard,
    ...(facts.rates && { rates: roughly(previous?.rates, facts.rates) }),
    perShard: [...facts.perShard],
    ...(facts.rollout && { rollout: facts.rollout }),
    conditions: stampConditions([ready(facts), ...progress(facts), ...history(facts)], context),
  };
  return previous && isDeepStrictEqual(status, previous) ? previous : status;
}

/**
 * How much a reader would care for the step from `previous` to `next`: `None` and nothing is to be
 * written, `Activity` where only bots or rates have come, gone or changed, which may wait a moment,
 * `Transition` for all else.
 */
export function fleetStatusChange(
  previous: BotFleetStatus | undefined,
  next: BotFleetStatus,
): 'None' | 'Activity' | 'Transition' {
  if (previous === undefined) return 'Transition';
  if (isDeepStrictEqual(previous, next)) return 'None';
  return isDeepStrictEqual(withoutCounts(previous), withoutCounts(next))
    ? 'Activity'
    : 'Transition';
}

/** `status` without what changes with every bot: counts and rates, also those in messages. */
function withoutCounts({ conditions, ...status }: BotFleetStatus): object {
  return {
    ...status,
    bots: undefined,
    readyBots: undefined,
    rates: undefined,
    perShard: undefined,
    conditions: conditions?.map((condition) => ({ ...condition, message: undefined })),
  };
}

/**
 * Whether a bot is to be counted when shards are made: one that is suspended, or kept from running
 * by something that no shard could mend, needs no place. A new one counts until more is known.
 */
export function wantsPlace(bot: {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: unknown };
  readonly spec: { readonly suspended: boolean };
  readonly status?: Pick<TenantBotStatus, 'conditions' | 'observedGeneration'> | undefined;
}): boolean {
  const { metadata, spec, status } = bot;
  if (spec.suspended || metadata.deletionTimestamp !== undefined) return false;
  if (status?.observedGeneration !== metadata.generation) return true;
  const placed = status?.conditions?.find(({ type }) => type === 'Placed');
  return placed?.status !== 'False' || WAITING_FOR_A_PLACE.has(placed.reason);
}

const WAITING_FOR_A_PLACE = new Set(['ColdStart', 'NotPlaced', 'NoCapacity']);

function ready(facts: FleetFacts): Finding {
  const { shards, readyShards, maxShards, botsPerShard, wantingBots, problem } = facts;
  if (shards === 0 && problem) return finding('Ready', 'False', problem.reason, problem.message);
  if (readyShards < shards) {
    // Shards that the API server refuses to have made do not start by waiting.
    return problem?.reason === 'ApplyFailed'
      ? finding('Ready', 'False', problem.reason, problem.message)
      : starting(facts, 'Ready', 'False');
  }
  const most = maxShards * botsPerShard;
  if (wantingBots <= most) {
    return finding('Ready', 'True', 'ShardsReady', `All shards are at work (${shards}).`);
  }
  const message = `${wantingBots} bots want a place on this fleet and ${most} fit. Raise spec.sharding.botsPerShard or maxShards, or move bots to another fleet.`;
  return finding('Ready', 'True', 'Full', message);
}

/** Stalled comes first: what needs a person does not end by waiting. */
function progress(facts: FleetFacts): Finding[] {
  const { shards, readyShards, outdatedShards, drainingShards, problem, canaryTrouble } = facts;
  if (problem) return [finding('Stalled', 'True', problem.reason, problem.message)];
  if (canaryTrouble !== undefined) {
    return [finding('Stalled', 'True', 'CanaryUnhealthy', canaryTrouble)];
  }
  if (readyShards < shards) return [starting(facts, 'Reconciling', 'True')];
  if (outdatedShards > 0) {
    const message = `${outdatedShards} of ${shards} shards are about to be restarted with the newest settings.`;
    return [finding('Reconciling', 'True', 'ShardsUpdating', message)];
  }
  if (drainingShards === 0) return [];
  const message = `${drainingShards} of ${shards} shards are more than are needed: their bots move to the others, then they go.`;
  return [finding('Reconciling', 'True', 'ShardsDraining', message)];
}

function history({ history }: FleetFacts): Finding[] {
  if (!history) return [];
  const { reason, message } = history;
  const isKept = reason === 'Kept' || reason === 'RecordsDropped';
  return [finding('HistoryAvailable', isKept ? 'True' : 'False', reason, message)];
}

function starting(facts: FleetFacts, type: string, status: Finding['status']): Finding {
  const { shards, readyShards, trouble } = facts;
  const words = `${readyShards} of ${shards} shards are at work; the others are starting.`;
  return finding(type, status, 'ShardsStarting', trouble ? `${words} ${trouble}` : words);
}

function finding(
  type: string,
  status: Finding['status'],
  reason: FleetReason,
  message: string,
): Finding {
  return { type, status, reason, message };
}
