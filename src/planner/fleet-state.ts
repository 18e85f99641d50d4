import type { ShardId } from '../control/shard-id.ts';
import type { Sharding } from './size.ts';

/**
 * What can be done with a shard: a `ready` one takes bots and gives them away, one that is `away`
 * (it starts, or is being restarted) keeps its bots and takes new ones, a `lost` one does neither.
 */
export type ShardState = 'ready' | 'away' | 'lost';

/** Where a bot is to go: a shard, or nowhere, since there is no room for it. */
export type Target = ShardId | 'nowhere';

/** A bot as the planner sees it. */
export interface PlannedBot {
  readonly uid: string;
  readonly weight: number;
  /** RFC 3339 in UTC, so that text order is order in time. */
  readonly createdAt: string;
  /** The fleet that it is to be in; undefined where it is on its way out. */
  readonly fleet: string | undefined;
  /** Where a runtime hosts it, or may. */
  readonly place: ShardId | undefined;
  /** Where it is moving to. */
  readonly target: Target | undefined;
}

/** A fleet as the planner sees it. */
export interface PlannedFleet {
  readonly name: string;
  readonly sharding: Sharding;
  /** How many shards it has now. */
  readonly shards: number;
  /** By ordinal: places that are given away, reserved and left ones included. */
  readonly taken: ReadonlyMap<number, number>;
  readonly stateOf: (ordinal: number) => ShardState;
  /** Whether bots may be moved for no other reason than that shards bear unequal weight. */
  readonly balance: boolean;
  /** How many moves may begin now. Bots of lost shards, which do not run, are not counted. */
  readonly budget: number;
}

/** Why a bot moves. */
export const MOVE_REASONS = ['lost', 'overfull', 'drain', 'balance'] as const;
export type MoveReason = (typeof MOVE_REASONS)[number];

/** A bot that is to let go of its shard, and where it goes from there. */
export interface Move {
  readonly uid: string;
  readonly from: number;
  /** `nowhere`: the bot has to wait until there is room for it. */
  readonly to: number | 'nowhere';
  readonly reason: MoveReason;
}

/** What is to happen to a fleet. */
export interface FleetPlan {
  /** Ordinals below this one are for use; bots on those above are moved off. */
  readonly wanted: number;
  /** Pods that there are to be. */
  readonly shards: number;
  /** Places for bots without one. */
  readonly places: readonly { readonly uid: string; readonly ordinal: number }[];
  /** Those that begin now. */
  readonly moves: readonly Move[];
  /** How many more are due, and wait for the budget, for room or for a shard to come up. */
  readonly pending: number;
  /** Bots whose move was for a shard that takes none any more. */
  readonly cancelled: readonly string[];
  /** Bots that there is no room for. */
  readonly unplaced: readonly string[];
}

/** Below 0 where `a` is the older: the older one of two bots stays, the younger one moves. */
export function byAge(a: PlannedBot, b: PlannedBot): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  if (a.uid === b.uid) return 0;
  return a.uid < b.uid ? -1 : 1;
}
