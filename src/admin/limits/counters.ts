import { type IRateLimiterOptions, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitedThing, LimitTable } from './limit-classes.ts';

/** How far something has come in its limit. */
export interface Count {
  /** How often it was done; may be beyond the limit. */
  readonly used: number;
  /** When it begins anew. */
  readonly resetMs: number;
}

/** Counts what is done, by what it is and by who does it. */
export interface Counters {
  /** Counts it. Rejects where it can't be counted. */
  add(thing: LimitedThing, peer: string): Promise<Count>;
  /** Without counting anything. */
  look(thing: LimitedThing, peer: string): Promise<Count>;
}

/** The part of the library that counts: it keeps each limit in a limiter of its own. */
export interface Limiter {
  consume(key: string): Promise<RateLimiterRes>;
  get(key: string): Promise<RateLimiterRes | null>;
}

/** Counters of `table`, each in what `open` makes. */
export function countersOf(
  table: LimitTable,
  open: (options: IRateLimiterOptions) => Limiter,
): Counters {
  const limiters = new Map<string, Limiter>();
  for (const [thing, { count, seconds }] of Object.entries(table)) {
    limiters.set(thing, open({ keyPrefix: thing, points: count, duration: seconds }));
  }
  const limiter = (thing: LimitedThing): Limiter => limiters.get(thing) as Limiter;
  return {
    add: async (thing, peer) => countOf(await limiter(thing).consume(peer).catch(whereOver)),
    look: async (thing, peer) => countOf(await limiter(thing).get(peer)),
  };
}

/** Counters of this process alone. */
export function memoryCounters(table: LimitTable): Counters {
  return countersOf(table, (options) => new RateLimiterMemory(options));
}

/** The library rejects with the count where it is over the limit. */
function whereOver(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown;
  throw thrown;
}

function countOf(result: RateLimiterRes | null): Count {
  return { used: result?.consumedPoints ?? 0, resetMs: Math.max(result?.msBeforeNext ?? 0, 0) };
}
