import type { SyncRequest } from './messages.ts';
import type { ShardId } from './shard-id.ts';

/** Who sends a request, as its token proves. */
export interface Caller {
  readonly shard: ShardId;
  readonly pod: string;
  readonly podUid: string;
}

/**
 * `superseded`: another runtime speaks for the shard now, for good. `stale`: a later request of the
 * same runtime was here before.
 */
export type Admission = 'admitted' | 'superseded' | 'stale';

/** A runtime that has spoken for the shard. */
interface Speaker {
  readonly name: string;
  readonly podUid: string;
  readonly seq: number;
}

interface Last {
  readonly pod: string;
  readonly podUid: string;
  readonly lastSeenMs: number;
}

/** Runtimes that were replaced are remembered as long as they may still be on their way out. */
const REMEMBERED = 16;

/**
 * Who speaks for a shard. The runtime that came last does (a new pod of the shard, or a new start
 * in the same pod); those of other pods before it are never listened to again. Whether a pod may
 * speak at all is settled before: a pod that is gone has no valid token.
 *
 * One pod runs one process at a time. So where two of its starts seem to speak in turns, a request
 * of the dead one was long on its way, and the one that goes on speaking lives.
 */
export class ShardSession {
  #current: Speaker | undefined;
  #past: readonly Speaker[] = [];
  #last: Last | undefined;

  /** The last request that was admitted. */
  get last(): Last | undefined {
    return this.#last;
  }

  /** Decides on a request; `isNew` where it is the first of its runtime. */
  admit(
    { pod, podUid }: Caller,
    { session, seq }: SyncRequest,
    nowMs: number,
  ): { readonly kind: Admission; readonly isNew: boolean } {
    const name = `${podUid}/${session}`;
    const current = this.#current;
    const isNew = current?.name !== name;
    const before = isNew ? this.#past.find((past) => past.name === name) : current;
    if (isNew && before && podUid !== current?.podUid) return { kind: 'superseded', isNew: false };
    if (before && seq <= before.seq) return { kind: 'stale', isNew: false };
    if (isNew && current) {
      const past = this.#past.filter((past) => past !== before);
      this.#past = [current, ...past].slice(0, REMEMBERED);
    }
    this.#current = { name, podUid, seq };
    this.#last = { pod, podUid, lastSeenMs: nowMs };
    return { kind: 'admitted', isNew };
  }
}
