import type { Placement } from '../../api/tenant-bot-status.ts';
import { type ShardId, shardName } from '../../control/shard-id.ts';
import { shardOf } from './roster.ts';
import type { ShardDirectory } from './shard-directory.ts';

/**
 * Which shards a new leader has read in full. Until every bot that the leader before had placed on
 * a shard was handed out or withdrawn, the shard may host more than is known, and is not to be told
 * that this is all.
 */
export class Takeover {
  readonly #shards: Pick<ShardDirectory, 'complete'>;
  readonly #open = new Map<string, Set<string>>();
  readonly #shardOf = new Map<string, ShardId>();

  constructor(shards: Pick<ShardDirectory, 'complete'>) {
    this.#shards = shards;
  }

  /** A bot that was found placed, and of which is not known yet what becomes of it. */
  expect(uid: string, placement: Placement): void {
    const shard = shardOf(placement);
    const name = shardName(shard);
    this.#open.set(name, (this.#open.get(name) ?? new Set()).add(uid));
    this.#shardOf.set(uid, shard);
  }

  /** The bot was handed out, withdrawn, or is gone. */
  settle(uid: string): void {
    const shard = this.#shardOf.get(uid);
    if (!shard) return;
    this.#shardOf.delete(uid);
    const open = this.#open.get(shardName(shard));
    open?.delete(uid);
    if (open?.size === 0) this.#open.delete(shardName(shard));
    this.tell(shard);
  }

  /** Tells the shard that it has been told of all its bots, if that is so. */
  tell(shard: ShardId): void {
    if (!this.#open.has(shardName(shard))) this.#shards.complete(shard);
  }
}
