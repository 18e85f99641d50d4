import type { BotFleetStatus } from '../../api/bot-fleet.ts';
import type { Condition } from '../../api/conditions.ts';
import { MOVE_REASONS, type Move } from '../../planner/fleet-state.ts';

/** Something that happened to a fleet, for people. */
export interface FleetEvent {
  readonly type: 'Normal' | 'Warning';
  /** `Scaled`, `Rebalancing`, or a reason of docs/conditions.md. */
  readonly reason: string;
  /** What the operator was doing. */
  readonly action: 'Scale' | 'Apply' | 'Run' | 'Renew' | 'Rebalance';
  readonly note: string;
}

/** What the step from one written status to the next is worth telling: a pure function. */
export function eventsBetween(
  before: BotFleetStatus | undefined,
  after: BotFleetStatus,
): FleetEvent[] {
  return [scaled, rollout, stalled, ready]
    .map((tell) => tell(before, after))
    .filter((event) => event !== undefined);
}

/** That bots begin to move: these, and `pending` more later. */
export function movesEvent(moves: readonly Move[], pending: number): FleetEvent {
  const why = MOVE_REASONS.filter((reason) => moves.some((move) => move.reason === reason));
  const waiting = moves.filter(({ to }) => to === 'nowhere').length;
  const count = moves.length + pending - waiting;
  const go = `${count} ${count === 1 ? 'bot moves' : 'bots move'} to other shards (${why.join(', ')}).`;
  const wait = `${waiting} ${waiting === 1 ? 'bot has' : 'bots have'} to wait for room: raise spec.sharding.maxShards or botsPerShard.`;
  return {
    type: waiting > 0 ? 'Warning' : 'Normal',
    reason: 'Rebalancing',
    action: 'Rebalance',
    note: [...(count > 0 ? [go] : []), ...(waiting > 0 ? [wait] : [])].join(' '),
  };
}

function scaled(before: BotFleetStatus | undefined, after: BotFleetStatus): FleetEvent | undefined {
  const from = before?.shards ?? 0;
  const { shards = 0 } = after;
  if (from === shards) return undefined;
  const note = `From ${from} to ${shards} shards.`;
  return { type: 'Normal', reason: 'Scaled', action: 'Scale', note };
}

function rollout(
  before: BotFleetStatus | undefined,
  after: BotFleetStatus,
): FleetEvent | undefined {
  const was = before?.rollout;
  const now = after.rollout;
  if (!now || (was?.revision === now.revision && was.phase === now.phase)) return undefined;
  const [reason, note] =
    now.phase === 'Canary'
      ? ['RolloutStarted', `Shard ${now.canary} is renewed first, and watched.`]
      : ['CanaryPassed', `Shard ${now.canary} does well; the others are renewed one by one.`];
  return { type: 'Normal', reason, action: 'Renew', note };
}

function stalled(
  before: BotFleetStatus | undefined,
  after: BotFleetStatus,
): FleetEvent | undefined {
  const now = find(after, 'Stalled');
  if (!now || find(before, 'Stalled')?.reason === now.reason) return undefined;
  return { type: 'Warning', reason: now.reason, action: 'Apply', note: now.message };
}

function ready(before: BotFleetStatus | undefined, after: BotFleetStatus): FleetEvent | undefined {
  const now = find(after, 'Ready');
  const was = find(before, 'Ready');
  if (now?.status !== 'True' || (was?.status === 'True' && was.reason === now.reason)) {
    return undefined;
  }
  const type = now.reason === 'Full' ? 'Warning' : 'Normal';
  return { type, reason: now.reason, action: 'Run', note: now.message };
}

function find(status: BotFleetStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
