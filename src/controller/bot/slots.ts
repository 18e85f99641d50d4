import type { ShardId } from '../../control/shard-id.ts';
import type { ShardUse } from '../../planner/place.ts';

/** What one bot has on one shard. */
export interface Slot {
  readonly shard: ShardId;
  /** Its weight, where it is there, or on its way there, to stay. */
  readonly stays: number | undefined;
}

interface Shard {
  readonly uids: Set<string>;
  staying: number;
  load: number;
}

/** Which places of which shards are taken, and by whom. */
export class Slots {
  readonly #fleets = new Map<string, Map<number, Shard>>();

  /** The bot has the slot, at most one on each shard. */
  add(uid: string, { shard: { fleet, ordinal }, stays }: Slot): void {
    const shards = this.#fleets.get(fleet) ?? new Map<number, Shard>();
    this.#fleets.set(fleet, shards);
    const shard = shards.get(ordinal) ?? { uids: new Set(), staying: 0, load: 0 };
    shards.set(ordinal, shard);
    shard.uids.add(uid);
    if (stays !== undefined) shard.staying++;
    shard.load += stays ?? 0;
  }

  remove(uid: string, { shard: { fleet, ordinal }, stays }: Slot): void {
    const shards = this.#fleets.get(fleet);
    const shard = shards?.get(ordinal);
    if (!shard?.uids.delete(uid)) return;
    if (stays !== undefined) shard.staying--;
    shard.load -= stays ?? 0;
    if (shard.uids.size === 0) shards?.delete(ordinal);
    if (shards?.size === 0) this.#fleets.delete(fleet);
  }

  /** How the shards of the fleet are used, by ordinal, those apart that are not. */
  use(fleet: string): Map<number, ShardUse> {
    return new Map(
      Array.from(this.#fleets.get(fleet) ?? [], ([ordinal, { uids, staying, load }]) => [
        ordinal,
        { taken: uids.size, staying, load },
      ]),
    );
  }

  /** The weights together of the bots that are on the shard, or on their way there, to stay. */
  load({ fleet, ordinal }: ShardId): number {
    return this.#fleets.get(fleet)?.get(ordinal)?.load ?? 0;
  }

  /** All shards on which bots have places. */
  shards(): ShardId[] {
    return [...this.#fleets].flatMap(([fleet, shards]) =>
      Array.from(shards.keys(), (ordinal) => ({ fleet, ordinal })),
    );
  }

  /** The uids of the bots that have a place on the shard. */
  on({ fleet, ordinal }: ShardId): Iterable<string> {
    return this.#fleets.get(fleet)?.get(ordinal)?.uids ?? [];
  }
}
