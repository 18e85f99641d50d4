import type { ShardId } from '../../control/shard-id.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ShardState } from '../../planner/fleet-state.ts';
import type { PodState } from './ownership.ts';
import type { ShardDirectory } from './shard-directory.ts';

/** A shard that was heard within this time takes bots at once: it speaks every second. */
const HEARD_MS = 3_000;

export interface ShardStatesOptions {
  readonly shards: Pick<ShardDirectory, 'lastSeen'>;
  readonly podState: (shard: ShardId) => PodState;
  /** Ordinals of the fleet with bots that need not wait for their shard any longer. */
  readonly lost: (fleet: string) => Iterable<number>;
  readonly clock: Clock;
}

/**
 * What can be done with each shard. One that was lost stays so until it is heard again, also when
 * it has no bots left: or new ones would be placed there.
 */
export class ShardStates {
  readonly #options: ShardStatesOptions;
  /** By fleet and ordinal: since when each has been lost. Monotonic clock. */
  readonly #lost = new Map<string, Map<number, number>>();

  constructor(options: ShardStatesOptions) {
    this.#options = options;
  }

  /** The lost shards of the fleet, by ordinal. */
  lost(fleet: string): ReadonlySet<number> {
    const { lost, clock } = this.#options;
    const known = this.#lost.get(fleet) ?? new Map<number, number>();
    for (const ordinal of lost(fleet)) {
      if (!known.has(ordinal)) known.set(ordinal, clock.monotonicMs());
    }
    for (const [ordinal, sinceMs] of known) {
      if (this.#heardMs({ fleet, ordinal }) > sinceMs) known.delete(ordinal);
    }
    if (known.size > 0) this.#lost.set(fleet, known);
    else this.#lost.delete(fleet);
    return new Set(known.keys());
  }

  /** The state of each shard of the fleet at present. */
  of(fleet: string): (ordinal: number) => ShardState {
    const lost = this.lost(fleet);
    const { clock, podState } = this.#options;
    const sinceMs = clock.monotonicMs() - HEARD_MS;
    return (ordinal) => {
      if (lost.has(ordinal)) return 'lost';
      const shard = { fleet, ordinal };
      const isWell = podState(shard) === 'ready' || podState(shard) === 'unknown';
      return this.#heardMs(shard) >= sinceMs && isWell ? 'ready' : 'away';
    };
  }

  #heardMs(shard: ShardId): number {
    return this.#options.shards.lastSeen(shard) ?? Number.NEGATIVE_INFINITY;
  }
}
