import type { Grant, GrantId } from '../control/grants.ts';
import type { Clock } from '../lib/clock.ts';

/**
 * The shard's end of a grant: what it may do by the newest one, for as long as it lives, and then by
 * its fallback. Nothing before the first one.
 */
export class HeldGrant {
  readonly #clock: Clock;
  #grant: Grant | undefined;
  #expiresMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Which grant it is; undefined before the first one. */
  get id(): GrantId | undefined {
    return this.#grant?.id;
  }

  /** When the limits are over, by the monotonic clock. */
  get expiresMs(): number {
    return this.#expiresMs;
  }

  /**
   * Takes a grant that came with the answer to a request sent at `sentMs`. One that is older than
   * what is known changes nothing, however late it comes: its leader may be one no more.
   */
  take(grant: Grant, sentMs: number): boolean {
    if (sentMs <= this.#endedMs) return false;
    if (this.#grant && !isNewer(grant.id, this.#grant.id)) return false;
    this.#isOver = false;
    this.#grant = grant;
    this.#expiresMs = sentMs + grant.lifeMs;
    return true;
  }

  /** Another runtime speaks for the shard: this one may do nothing, unless it is asked again. */
  end(): void {
    this.#endedMs = this.#clock.monotonicMs();
    this.#isOver = true;
  }

  /** Calls of the resource in any one second from now on, until {@link expiresMs}. */
  limit(resource: string): number {
    if (this.#isOver) return 0;
    const share = this.#grant?.shares[resource];
    if (!share) return 0;
    return this.#clock.monotonicMs() < this.#expiresMs ? share.limit : share.fallback;
  }
}

/** Of two leaders with the same term nobody knows which is the later one: neither follows. */
function isNewer(a: GrantId, b: GrantId): boolean {
  return a.term > b.term || (a.term === b.term && a.instance === b.instance && a.seq > b.seq);
}
