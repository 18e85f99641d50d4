import type { FleetRates } from '../api/fleet-rates.ts';
import { METHOD_PREFIX, TOTAL } from '../control/grants.ts';
import type { CoordinatorState } from './coordinator.ts';

/** What a fleet's status tells of how its limits are handed out; undefined where it has none. */
export function ratesOf({ resources }: CoordinatorState): FleetRates | undefined {
  if (resources.length === 0) return undefined;
  const rates: FleetRates = {};
  for (const { resource, cap: perSecond, granted } of resources) {
    const rate = { perSecond, granted };
    if (resource === TOTAL) Object.assign(rates, rate);
    else rates.methods = { ...rates.methods, [resource.slice(METHOD_PREFIX.length)]: rate };
  }
  return rates;
}
