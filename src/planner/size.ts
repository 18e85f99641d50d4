/** `spec.sharding` of a fleet, as far as it says how many bots go where. */
export interface Sharding {
  readonly botsPerShard: number;
  readonly minShards: number;
  readonly maxShards: number;
}

/** What the number of a fleet's shards follows from. */
export interface FleetDemand {
  readonly sharding: Sharding;
  /** Bots that have a place or want one. */
  readonly bots: number;
  /** How many shards it has now, those included that are being emptied. */
  readonly shards: number;
  /** Ordinals whose bots have to go elsewhere before their pods come back. */
  readonly lost: ReadonlySet<number>;
  /** The highest ordinal on which a place is taken; -1 where none is. */
  readonly highestTaken: number;
}

/** How many shards a fleet is to have. */
export interface FleetSize {
  /** Ordinals below this one are for use; bots on those above are moved off. */
  readonly wanted: number;
  /** Pods that there are to be: none is taken away while a bot has its place there. */
  readonly shards: number;
}

/**
 * As few shards as hold the bots, but a fleet shrinks only where that leaves a tenth of a shard
 * free, so that one bot that comes and goes moves nobody. Lost shards are made up for by others:
 * by half as many again as are needed, or one, at most, since where more are lost at once, more of
 * the same would be lost too.
 */
export function fleetSize({ sharding, bots, shards, lost, highestTaken }: FleetDemand): FleetSize {
  const { botsPerShard } = sharding;
  const headroom = Math.ceil(botsPerShard / 10);
  const least = shardsFor(bots, sharding, lost);
  const most = shardsFor(bots + headroom, sharding, lost);
  const wanted = Math.max(least, Math.min(shards, most));
  return { wanted, shards: Math.max(wanted, highestTaken + 1) };
}

function shardsFor(bots: number, sharding: Sharding, lost: ReadonlySet<number>): number {
  const { botsPerShard, minShards, maxShards } = sharding;
  const full = Math.ceil(bots / botsPerShard);
  const most = Math.min(maxShards, Math.max(minShards, full + Math.max(1, Math.floor(full / 2))));
  let usable = 0;
  for (let ordinal = 0; ordinal < most; ordinal++) {
    if (ordinal >= minShards && usable >= full) return ordinal;
    if (!lost.has(ordinal)) usable++;
  }
  return most;
}
