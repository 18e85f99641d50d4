import { fingerprintOf, sampleOf } from '../bot/fingerprint.ts';

/** Kinds of error that one bot's are told apart by within an hour. */
const MAX_KINDS = 50;
const OTHER = 'other';

/** How often one kind of error came. */
export interface ErrorCount {
  readonly fingerprint: string;
  readonly sample: string;
  count: number;
  /** How many of them were told. */
  told: number;
}

/** Counts errors by their fingerprint. However many kinds there are, those beyond 50 are one more. */
export class ErrorCounts {
  readonly #counts = new Map<string, ErrorCount>();

  add(error: unknown): void {
    const fingerprint = fingerprintOf(error);
    const known = this.#counts.get(fingerprint);
    if (known) known.count++;
    else if (this.#counts.size < MAX_KINDS) this.#begin(fingerprint, sampleOf(error));
    else this.#addOther();
  }

  /** Visits what has changed since it was visited last. */
  visitChanged(visit: (error: ErrorCount) => void): void {
    for (const error of this.#counts.values()) {
      if (error.told === error.count) continue;
      error.told = error.count;
      visit(error);
    }
  }

  #addOther(): void {
    const other = this.#counts.get(OTHER);
    if (other) other.count++;
    else this.#begin(OTHER, `Errors of more kinds than the ${MAX_KINDS} that are told apart.`);
  }

  #begin(fingerprint: string, sample: string): void {
    this.#counts.set(fingerprint, { fingerprint, sample, count: 1, told: 0 });
  }
}
