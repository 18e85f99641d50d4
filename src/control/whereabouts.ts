import { LruMap } from '../lib/lru-map.ts';
import type { ShardId } from './shard-id.ts';

/** Where a bot is, or was last, and under which epoch. */
interface Place {
  readonly ordinal: number;
  readonly epoch: number;
}

/** How many bots are remembered that are placed nowhere any more. */
const REMEMBERED = 10_000;

/** Which shards may speak of what a bot did, by where one leader has placed it. */
export class Whereabouts {
  readonly #fleets = new Map<string, Map<string, Place>>();
  readonly #gone = new LruMap<string, Place>(REMEMBERED);

  placed({ fleet, ordinal }: ShardId, uid: string, epoch: number): void {
    const known = this.#fleets.get(fleet);
    if (known) known.set(uid, { ordinal, epoch });
    else this.#fleets.set(fleet, new Map([[uid, { ordinal, epoch }]]));
  }

  /** The shard has let go of the bot. */
  released({ fleet, ordinal }: ShardId, uid: string): void {
    const place = this.#fleets.get(fleet)?.get(uid);
    if (place?.ordinal !== ordinal) return;
    this.#fleets.get(fleet)?.delete(uid);
    this.#gone.set(`${fleet}/${uid}`, place);
  }

  /** The shard is no more. */
  forget(shard: ShardId): void {
    for (const uid of this.#fleets.get(shard.fleet)?.keys() ?? []) this.released(shard, uid);
  }

  /**
   * Whether the shard may have had the bot under that epoch: the last one is its present owner's
   * alone; who in its fleet had it before is not known for sure. Undefined of bots that the fleet
   * does not have, as far as is known.
   */
  mayHaveHad({ fleet, ordinal }: ShardId, uid: string, epoch: number): boolean | undefined {
    const place = this.#fleets.get(fleet)?.get(uid) ?? this.#gone.get(`${fleet}/${uid}`);
    if (!place) return undefined;
    return epoch < place.epoch || (epoch === place.epoch && ordinal === place.ordinal);
  }
}
