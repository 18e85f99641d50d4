import { isDeepStrictEqual } from 'node:util';
import type { BotFleetStatus } from './bot-fleet.ts';
import { type Finding, stampConditions } from './conditions.ts';

/** All that is known of one BotFleet at one moment. */
export interface FleetFacts {
  readonly generation: number;
  /** Shards there are to be, and those of them that are at work. */
  readonly shards: number;
  readonly readyShards: number;
  readonly botsPerShard: number;
  /** Bots that name the fleet, and those of them that are Ready. */
  readonly bots: number;
  readonly readyBots: number;
  /** Standalone: the file is broken, and the last good spec runs on. */
  readonly manifestProblem?: string;
}

/** Every reason that a condition of a BotFleet can give. */
export const FLEET_REASONS = ['ShardsReady', 'ShardsStarting', 'Full', 'ManifestInvalid'] as const;
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
  const { generation, shards, botsPerShard, bots, readyBots } = facts;
  const context = { previous: previous?.conditions ?? [], generation, now };
  const status: BotFleetStatus = {
    observedGeneration: generation,
    shards,
    bots,
    readyBots,
    capacity: shards * botsPerShard,
    conditions: stampConditions([ready(facts), ...progress(facts)], context),
  };
  return previous && isDeepStrictEqual(status, previous) ? previous : status;
}

function ready({ shards, readyShards, botsPerShard, bots }: FleetFacts): Finding {
  if (readyShards < shards) return shardsStarting('Ready', 'False', shards, readyShards);
  const capacity = shards * botsPerShard;
  if (bots <= capacity) {
    return finding('Ready', 'True', 'ShardsReady', `All shards are at work (${shards}).`);
  }
  const message = `${bots} bots name this fleet and ${capacity} fit. Raise spec.sharding.botsPerShard, or move bots to another fleet.`;
  return finding('Ready', 'True', 'Full', message);
}

function progress({ shards, readyShards, manifestProblem }: FleetFacts): Finding[] {
  if (manifestProblem) return [finding('Stalled', 'True', 'ManifestInvalid', manifestProblem)];
  return readyShards < shards ? [shardsStarting('Reconciling', 'True', shards, readyShards)] : [];
}

function shardsStarting(
  type: string,
  status: Finding['status'],
  shards: number,
  readyShards: number,
): Finding {
  const message = `${readyShards} of ${shards} shards are at work; the others are starting.`;
  return finding(type, status, 'ShardsStarting', message);
}

function finding(
  type: string,
  status: Finding['status'],
  reason: FleetReason,
  message: string,
): Finding {
  return { type, status, reason, message };
}
