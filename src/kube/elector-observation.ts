import { isReleased, type Lease } from './elector-record.ts';

/**
 * What a candidate has seen of the record, and when it saw it change. Clocks of other machines are
 * not believed: the times in the record only tell that it has changed, and the wait for it to run
 * out begins when that was seen here.
 */
export class Observation {
  readonly #ownDurationMs: number;
  #lease: Lease | undefined;
  #fingerprint = '';
  #changedMs = 0;
  #highestTerm = 0;

  /** `ownDurationMs` stands in where a record does not say for how long it holds. */
  constructor(ownDurationMs: number) {
    this.#ownDurationMs = ownDurationMs;
  }

  /** The Lease as it was seen last, also when it has gone since. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** The highest term that was ever seen, also where the Lease has begun anew since. */
  get highestTerm(): number {
    return this.#highestTerm;
  }

  /** Takes note of `lease` at `nowMs` on the monotonic clock. Metadata but the uid does not count. */
  see(lease: Lease, nowMs: number): void {
    const fingerprint = JSON.stringify([lease.metadata.uid, lease.spec]);
    if (fingerprint !== this.#fingerprint) this.#changedMs = nowMs;
    this.#fingerprint = fingerprint;
    this.#lease = lease;
    this.#highestTerm = Math.max(this.#highestTerm, lease.spec?.leaseTransitions ?? 0);
  }

  /** When the lease is free unless its record changes again, on the monotonic clock. */
  get freeAtMs(): number {
    if (this.#lease === undefined) return Infinity;
    if (isReleased(this.#lease)) return -Infinity;
    const seconds = this.#lease.spec?.leaseDurationSeconds;
    return this.#changedMs + (seconds === undefined ? this.#ownDurationMs : seconds * 1000);
  }
}
