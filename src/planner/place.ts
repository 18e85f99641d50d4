import { type FleetSize, fleetSize, type Sharding } from './size.ts';

/** How one shard is used. */
export interface ShardUse {
  /** Places that are given away: also those that are only reserved, and those of leaving bots. */
  readonly taken: number;
  /** Bots that are there, or on their way there, to stay. */
  readonly staying: number;
  /** Their weights together. */
  readonly load: number;
}

/** What a fleet offers to a bot that needs a place. */
export interface FleetRoom {
  readonly sharding: Sharding;
  /** Bots that have a place or want one; the one that asks is among them. */
  readonly bots: number;
  /** How many shards the fleet has now. */
  readonly shards: number;
  /** By ordinal, without the bot that asks. A shard that is not named is empty. */
  readonly use: ReadonlyMap<number, ShardUse>;
  readonly lost: ReadonlySet<number>;
}

/** Where a bot goes, or that the fleet is full. */
export type Place =
  | { readonly kind: 'shard'; readonly ordinal: number }
  /** `lost`: how many shards do not count, since they are lost. */
  | { readonly kind: 'full'; readonly capacity: number; readonly lost: number };

const UNUSED: ShardUse = { taken: 0, staying: 0, load: 0 };

/**
 * The place of one more bot: the one that it had last if there is room, else the shard that bears
 * the least weight, the lowest ordinal of those. A shard counts before its pod runs, so that a bot
 * never waits for more than that; one that is lost or being emptied does not. Room that bots on such
 * shards need is theirs. Never puts more than `botsPerShard` on one.
 */
export function choosePlace(room: FleetRoom, last?: number): Place {
  const { sharding, lost, use } = room;
  const { botsPerShard, maxShards } = sharding;
  const { wanted } = roomSize(room);
  const isUsable = (ordinal: number): boolean => ordinal < wanted && !lost.has(ordinal);
  let free = -displaced(room, isUsable);
  let best: { readonly ordinal: number; readonly load: number } | undefined;
  for (let ordinal = 0; ordinal < wanted; ordinal++) {
    const { taken, load } = use.get(ordinal) ?? UNUSED;
    if (!isUsable(ordinal) || taken >= botsPerShard) continue;
    free += botsPerShard - taken;
    if (!best || load < best.load || ordinal === last) {
      best = { ordinal, load: ordinal === last ? -1 : load };
    }
  }
  if (!best || free <= 0) {
    return { kind: 'full', capacity: maxShards * botsPerShard, lost: lost.size };
  }
  return { kind: 'shard', ordinal: best.ordinal };
}

/** How many shards the fleet of `room` is to have. */
export function roomSize({ sharding, bots, shards, lost, use }: FleetRoom): FleetSize {
  let highestTaken = -1;
  for (const [ordinal, { taken }] of use) {
    if (taken > 0) highestTaken = Math.max(highestTaken, ordinal);
  }
  return fleetSize({ sharding, bots, shards, lost, highestTaken });
}

/** Bots that have to go to another shard of the fleet. */
function displaced({ sharding, use }: FleetRoom, isUsable: (ordinal: number) => boolean): number {
  let bots = 0;
  for (const [ordinal, { staying }] of use) {
    bots += isUsable(ordinal) ? Math.max(0, staying - sharding.botsPerShard) : staying;
  }
  return bots;
}
