import type { PlannedBot, ShardState } from './fleet-state.ts';

/** One shard while a plan is being made. */
export interface WorkingShard {
  readonly ordinal: number;
  readonly state: ShardState;
  /** It is to have bots: it is neither lost nor being emptied. */
  readonly usable: boolean;
  readonly botsPerShard: number;
  taken: number;
  load: number;
  /** Bots that are there, or on their way there, to stay. */
  staying: number;
  /** Those of them that may be moved, oldest first. */
  readonly bots: PlannedBot[];
}

/** The shard that bears the least weight among those with room, the lowest ordinal of those. */
export function lightest(shards: readonly WorkingShard[]): WorkingShard | undefined {
  let best: WorkingShard | undefined;
  for (const shard of shards) {
    if (shard.taken < shard.botsPerShard && (!best || shard.load < best.load)) best = shard;
  }
  return best;
}

/** How many places are free on the shards. */
export function freePlaces(shards: readonly WorkingShard[]): number {
  return shards.reduce(
    (sum, { botsPerShard, taken }) => sum + Math.max(0, botsPerShard - taken),
    0,
  );
}

/** The bot is to stay on the shard, where a place is taken for it already. */
export function settle(shard: WorkingShard, { weight }: PlannedBot): void {
  shard.load += weight;
  shard.staying++;
}

/** Takes a place on the shard for the bot, to stay there. */
export function take(shard: WorkingShard, bot: PlannedBot): void {
  shard.taken++;
  settle(shard, bot);
}
