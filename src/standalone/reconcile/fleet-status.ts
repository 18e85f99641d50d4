import type { BotFleetSpec, BotFleetStatus } from '../../api/bot-fleet.ts';
import { type Finding, stampConditions } from '../../api/conditions.ts';
import type { TenantBot } from '../../api/tenant-bot.ts';

/** What a fleet's status follows from. */
export interface FleetSituation {
  readonly spec: BotFleetSpec;
  readonly generation: number;
  /** All bots that name the fleet. */
  readonly bots: readonly TenantBot[];
  readonly previous: BotFleetStatus | undefined;
  /** RFC 3339. */
  readonly now: string;
}

/** The status of a fleet: a pure function. */
export function fleetStatus(situation: FleetSituation): BotFleetStatus {
  const { spec, generation, bots, previous, now } = situation;
  const capacity = spec.sharding.botsPerShard;
  const context = { previous: previous?.conditions ?? [], generation, now };
  return {
    observedGeneration: generation,
    shards: 1,
    bots: bots.length,
    readyBots: bots.filter(isReady).length,
    capacity,
    conditions: stampConditions([readiness(bots, capacity)], context),
  };
}

function readiness(bots: readonly TenantBot[], capacity: number): Finding {
  const homeless = bots.filter(({ status }) =>
    status?.conditions?.some(({ type, reason }) => type === 'Placed' && reason === 'NoPlace'),
  ).length;
  if (homeless === 0) {
    const message = `All bots that can run have a place; ${capacity} fit.`;
    return { type: 'Ready', status: 'True', reason: 'RoomForAll', message };
  }
  return {
    type: 'Ready',
    status: 'False',
    reason: 'Full',
    message: `${homeless} ${homeless === 1 ? 'bot has' : 'bots have'} no place: ${capacity} fit. Raise spec.sharding.botsPerShard.`,
  };
}

function isReady({ status }: TenantBot): boolean {
  return (
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}
