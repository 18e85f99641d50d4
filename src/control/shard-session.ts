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

interface Last {
  readonly pod: string;
  readonly podUid: string;
  readonly lastSeenMs: number;
}

/** Runtimes that were replaced are remembered as long as they may still be on their way out. */
const REMEMBERED = 16;

/**
 * Who speaks for a shard. The runtime that came last does (a new pod of the shard, or a new start
 * in the same pod); those before it are never listened to again. Whether a pod may speak at all is
 * settled before: a pod that is gone has no valid token.
 */
export class ShardSession {
  #current: { readonly name: string; seq: number } | undefined;
  #past: readonly string[] = [];
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
    if (this.#past.includes(name)) return { kind: 'superseded', isNew: false };
    const current = this.#current;
    const isNew = current?.name !== name;
    if (!isNew && seq <= current.seq) return { kind: 'stale', isNew };
    if (isNew && current) this.#past = [current.name, ...this.#past].slice(0, REMEMBERED);
    this.#current = { name, seq };
    this.#last = { pod, podUid, lastSeenMs: nowMs };
    return { kind: 'admitted', isNew };
  }
}
