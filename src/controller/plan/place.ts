/** What a fleet offers to a bot that needs a place. */
export interface FleetRoom {
  readonly botsPerShard: number;
  readonly minShards: number;
  readonly maxShards: number;
  /** Bots that name the fleet. */
  readonly bots: number;
  /** By ordinal: the places that are taken by others, also those that are only reserved. */
  readonly taken: ReadonlyMap<number, number>;
}

/** Where a bot goes, or that the fleet is full. */
export type Place =
  | { readonly kind: 'shard'; readonly ordinal: number }
  | { readonly kind: 'full'; readonly capacity: number };

/**
 * How many shards a fleet needs: for the bots that name it and for the places that are taken, and
 * none of those is cut off.
 */
export function shardsNeeded(room: FleetRoom): number {
  const { botsPerShard, minShards, maxShards, bots, taken } = room;
  let used = 0;
  let highest = -1;
  for (const [ordinal, count] of taken) {
    used += count;
    if (count > 0) highest = Math.max(highest, ordinal);
  }
  const wanted = Math.ceil(Math.max(bots, used) / botsPerShard);
  return Math.max(Math.min(Math.max(wanted, minShards), maxShards), highest + 1);
}

/**
 * The place of one more bot: the one that it had last if there is room, else the least loaded of
 * the shards that the fleet needs, the lowest ordinal of those. A shard counts before its pod
 * runs, so that a bot never waits for more than that. Never puts more than `botsPerShard` on one.
 */
export function choosePlace(room: FleetRoom, last?: number): Place {
  const { botsPerShard, maxShards, taken } = room;
  const used = [...taken.values()].reduce((sum, count) => sum + count, 0);
  const shards = shardsNeeded({ ...room, bots: Math.max(room.bots, used + 1) });
  const load = (ordinal: number): number => taken.get(ordinal) ?? 0;
  if (last !== undefined && last < shards && load(last) < botsPerShard) {
    return { kind: 'shard', ordinal: last };
  }
  let best = 0;
  for (let ordinal = 1; ordinal < shards; ordinal++) {
    if (load(ordinal) < load(best)) best = ordinal;
  }
  if (load(best) < botsPerShard) return { kind: 'shard', ordinal: best };
  return { kind: 'full', capacity: maxShards * botsPerShard };
}
