import type { FleetRates } from '../../api/fleet-rates.ts';
import type { FleetRateLimits } from '../../api/rate-limits.ts';
import { present } from '../../lib/present.ts';

/** The rates of a fleet whose only shard has all of its limits; undefined where there are none. */
export function wholeRates({ perSecond, methods }: FleetRateLimits): FleetRates | undefined {
  const limits = Object.entries(methods ?? {});
  if (perSecond === undefined && limits.length === 0) return undefined;
  const ofAll = limits.map(
    ([name, limit]) => [name, { perSecond: limit, granted: limit }] as const,
  );
  const ofShard = limits.map(([name, granted]) => [name, { granted }] as const);
  const granted = perSecond;
  return present({
    perSecond,
    granted,
    methods: methods && Object.fromEntries(ofAll),
    shards: [
      { shard: 0, ...present({ granted, methods: methods && Object.fromEntries(ofShard) }) },
    ],
  });
}
