import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { MAX_LIMITED_METHODS } from './rate-limits.ts';

const rateFields = {
  perSecond: z.int().min(0).meta({ description: 'Calls a second that the limit allows.' }),
  granted: z.int().min(0).meta({
    description:
      'Calls a second that the shards have been granted of that: fewer after Telegram has asked to slow down, or while a lost shard may still use its part.',
  }),
};

/** `status.rates` of a BotFleet: present where there are limits. */
export const fleetRatesSchema = z
  .strictObject({
    perSecond: rateFields.perSecond.optional(),
    granted: rateFields.granted.optional(),
    methods: z.record(z.string(), z.strictObject(rateFields)).optional().meta({
      description: 'The same for limits of single methods.',
      maxProperties: MAX_LIMITED_METHODS,
    }),
  })
  .meta({ description: "How the fleet's limits are handed out. Told roughly." });

export type FleetRates = z.output<typeof fleetRatesSchema>;

/** What is granted may differ by so much of its limit from what is told. */
const ROUGHLY = 0.1;

/** `now`; or `before` itself, where no reader would care for the difference. */
export function roughly(before: FleetRates | undefined, now: FleetRates): FleetRates {
  const [told, next] = [rowsOf(before ?? {}), rowsOf(now)];
  const isClose =
    isDeepStrictEqual([...told.keys()], [...next.keys()]) &&
    [...next].every(([name, { perSecond = 0, granted = 0 }]) => {
      const row = told.get(name);
      const isSame = row?.perSecond === perSecond;
      return isSame && Math.abs((row.granted ?? 0) - granted) <= perSecond * ROUGHLY;
    });
  return before && isClose ? before : now;
}

type Row = Pick<FleetRates, 'perSecond' | 'granted'>;

/** By method, in order; the whole comes first. */
function rowsOf({ methods = {}, ...whole }: FleetRates): ReadonlyMap<string, Row> {
  const rows = Object.entries<Row>(methods).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map([['', whole], ...rows]);
}
