import { type ShardId, shardName } from '../../control/shard-id.ts';
import type { Clock } from '../../lib/clock.ts';
import { type PodState, type ShardState, shardState } from './ownership.ts';
import type { Roster } from './roster.ts';
import type { ShardDirectory } from './shard-directory.ts';

/** What a runtime has told holds for this long after it fell silent, or after the leader came. */
const SILENCE_MS = 30_000;

export interface ShardWatchOptions {
  readonly shards: Pick<ShardDirectory, 'lastSeen'>;
  readonly roster: Pick<Roster, 'shards'>;
  readonly clock: Clock;
  readonly podState: (shard: ShardId) => PodState;
  /** How long the shards of the fleet are waited for. */
  readonly reassignMs: (fleet: string) => number;
}

/** A shard that was never at work is waited for that long: its image may have to be fetched. */
const STARTING_MS = 5 * 60_000;

/** What {@link ShardWatch.look} has found out about a shard with bots. */
export interface SeenShard {
  readonly shard: ShardId;
  readonly state: ShardState;
  /** Whether that is new. */
  readonly stateChanged: boolean;
  /** Whether what its runtime has told has begun to hold, or does so no more. */
  readonly silenceChanged: boolean;
}

interface Known {
  /** Since when it has had bots, and so something to say. */
  readonly sinceMs: number;
  /** Whether the leader before had bots there. */
  wasAtWork: boolean;
  state: ShardState;
  isSilent: boolean;
}

/** Which shards with bots are heard, and which are lost. Silence begins with this object at the earliest. */
export class ShardWatch {
  readonly #options: ShardWatchOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ShardWatchOptions) {
    this.#options = options;
  }

  /** The leader before had bots on the shard: it may well have been at work until now. */
  adopt(shard: ShardId): void {
    this.#know(shard).wasAtWork = true;
  }

  /** Looks at all shards that have bots. */
  look(): SeenShard[] {
    const shards = this.#options.roster.shards();
    const names = new Set(shards.map(shardName));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    return shards.map((shard) => {
      const known = this.#know(shard);
      const before = { ...known };
      known.state = this.stateOf(shard);
      known.isSilent = this.isSilent(shard);
      const stateChanged = known.state !== before.state;
      const silenceChanged = known.isSilent !== before.isSilent;
      return { shard, state: known.state, stateChanged, silenceChanged };
    });
  }

  stateOf(shard: ShardId): ShardState {
    const { podState, reassignMs, shards } = this.#options;
    const isStarting = !this.#know(shard).wasAtWork && shards.lastSeen(shard) === undefined;
    const waitMs = Math.max(reassignMs(shard.fleet), isStarting ? STARTING_MS : 0);
    return shardState(this.#silentMs(shard), podState(shard), { reassignMs: waitMs });
  }

  /** Whether what the shard's runtime has told before holds no more. */
  isSilent(shard: ShardId): boolean {
    return this.#silentMs(shard) >= SILENCE_MS;
  }

  /** The shards of the fleet that are lost: nothing is to be placed there. */
  lost(fleet: string): ReadonlySet<number> {
    const shards = this.#options.roster.shards().filter((shard) => shard.fleet === fleet);
    const lost = shards.filter((shard) => this.stateOf(shard) === 'lost');
    return new Set(lost.map(({ ordinal }) => ordinal));
  }

  #silentMs(shard: ShardId): number {
    const { shards, clock } = this.#options;
    const { sinceMs } = this.#know(shard);
    return clock.monotonicMs() - Math.max(shards.lastSeen(shard) ?? 0, sinceMs);
  }

  #know(shard: ShardId): Known {
    const name = shardName(shard);
    const known = this.#known.get(name);
    if (known) return known;
    const sinceMs = this.#options.clock.monotonicMs();
    const fresh: Known = { sinceMs, wasAtWork: false, state: 'heard', isSilent: false };
    this.#known.set(name, fresh);
    return fresh;
  }
}
