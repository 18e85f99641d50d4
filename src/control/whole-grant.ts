import type { FleetRateLimits } from '../api/rate-limits.ts';
import { capsOf, type Grant } from './grants.ts';

/** The grant number `seq` for the only shard that there is: all of the fleet's limits, for ever. */
export function wholeGrant(limits: FleetRateLimits, seq: number): Grant {
  const shares = [...capsOf(limits)].map(([resource, cap]) => {
    return [resource, { limit: cap, fallback: cap }] as const;
  });
  return {
    id: { term: 1, instance: 'alone', seq },
    lifeMs: Number.MAX_SAFE_INTEGER,
    shares: Object.fromEntries(shares),
  };
}
