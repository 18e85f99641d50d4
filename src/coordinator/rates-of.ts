import { type FleetRates, MAX_SHARD_METHODS, type ShardRates } from '../api/fleet-rates.ts';
import { METHOD_PREFIX, TOTAL } from '../control/grants.ts';
import type { CoordinatorState } from './coordinator.ts';

/** What a fleet's status tells of how its limits are handed out; undefined where it has none. */
export function ratesOf({ resources }: CoordinatorState): FleetRates | undefined {
  if (resources.length === 0) return undefined;
  const rates: FleetRates = {};
  const shards = new Map<number, ShardRates>();
  for (const { resource, cap: perSecond, granted, used, shares } of resources) {
    put(rates, resource, { perSecond, granted, used });
    if (resource !== TOTAL && shares.length * resources.length > MAX_SHARD_METHODS) continue;
    for (const { shard, ...share } of shares) {
      const known = shards.get(shard) ?? { shard };
      shards.set(shard, known);
      put(known, resource, share);
    }
  }
  if (shards.size > 0) rates.shards = [...shards.values()].toSorted((a, b) => a.shard - b.shard);
  return rates;
}

/** Fills in what is told of one resource: of the whole, or of a method. */
function put<Rate extends object>(
  rates: { methods?: Record<string, Rate> | undefined },
  resource: string,
  rate: Rate,
): void {
  if (resource === TOTAL) Object.assign(rates, rate);
  else rates.methods = { ...rates.methods, [resource.slice(METHOD_PREFIX.length)]: rate };
}
