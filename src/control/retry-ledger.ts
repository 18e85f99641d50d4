import {
  type RetryBook,
  type RetryCount,
  type RetrySnapshot,
  retryKey,
} from '../api/retry-counts.ts';
import { type Clock, toTimestamp } from '../lib/clock.ts';

/** What one runtime has counted since its start. */
interface Told {
  readonly session: string;
  readonly counts: Counts;
}

type Counts = Map<string, RetryCount>;

/**
 * The retries of all shards, as their runtimes tell them: each tells the sums since its start, so
 * that telling twice changes nothing. What a runtime counted that has ended stays counted.
 */
export class RetryLedger implements RetryBook {
  readonly #clock: Clock;
  /** By shard. */
  readonly #told = new Map<string, Told>();
  /** Of runtimes that others have followed, */
  #ended: Counts = new Map();
  /** and what all had counted at the last reset. */
  #before: Counts = new Map();
  #since: string;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = toTimestamp(clock.wallMs());
  }

  /** Takes in what the runtime that speaks for the shard has counted. */
  hear(shard: string, session: string, counts: readonly RetryCount[]): void {
    const known = this.#told.get(shard);
    if (known && known.session !== session) add(this.#ended, known.counts);
    this.#told.set(shard, {
      session,
      counts: new Map(counts.map((count) => [retryKey(count), count])),
    });
  }

  snapshot(): RetrySnapshot {
    const retries: RetryCount[] = [];
    for (const [key, line] of [...this.#all()].toSorted(byKey)) {
      const count = line.count - countOf(this.#before, key);
      if (count > 0) retries.push({ ...line, count });
    }
    return { since: this.#since, retries };
  }

  reset(): void {
    this.#before = this.#all();
    this.#since = toTimestamp(this.#clock.wallMs());
  }

  #all(): Counts {
    const all = new Map(this.#ended);
    for (const { counts } of this.#told.values()) add(all, counts);
    return all;
  }
}

function add(to: Counts, counts: Counts): void {
  for (const [key, line] of counts) {
    to.set(key, { ...line, count: line.count + countOf(to, key) });
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function countOf(counts: Counts, key: string): number {
  return counts.get(key)?.count ?? 0;
}
