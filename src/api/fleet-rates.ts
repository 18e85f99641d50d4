import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { MAX_LIMITED_METHODS } from './rate-limits.ts';

const perSecond = z.int().min(0).meta({ description: 'Calls a second that the limit allows.' });
const granted = z.int().min(0).meta({
  description:
    'Calls a second that the shards have been granted of that: fewer after Telegram has asked to slow down, or while a lost shard may still use its part.',
});
const used = z.int().min(0).optional().meta({
  description: 'Calls of the last second, those under way included.',
});

const shardRateFields = {
  granted: z.int().min(0).meta({ description: 'Calls a second that it has been granted.' }),
  used,
};

const shardRatesSchema = z.strictObject({
  shard: z.int().min(0).meta({ description: 'Ordinal of the shard.' }),
  granted: shardRateFields.granted.optional(),
  used: shardRateFields.used,
  methods: z.record(z.string(), z.strictObject(shardRateFields)).optional().meta({
    description: 'The same for limits of single methods.',
    maxProperties: MAX_LIMITED_METHODS,
  }),
});

/** `status.rates` of a BotFleet: present where there are limits. */
export const fleetRatesSchema = z
  .strictObject({
    perSecond: perSecond.optional(),
    granted: granted.optional(),
    used,
    methods: z.record(z.string(), z.strictObject({ perSecond, granted, used })).optional().meta({
      description: 'The same for limits of single methods.',
      maxProperties: MAX_LIMITED_METHODS,
    }),
    shards: z
      .array(shardRatesSchema)
      .optional()
      .meta({
        description:
          'What each shard that was heard lately has of that; by method where that makes no more than a thousand entries.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['shard'],
      }),
  })
  .meta({ description: "How the fleet's limits are handed out. Told roughly." });

export type FleetRates = z.output<typeof fleetRatesSchema>;
/** What one shard has of a fleet's limits. */
export type ShardRates = z.output<typeof shardRatesSchema>;

/** How many entries of single methods a status tells of shards at most. */
export const MAX_SHARD_METHODS = 1_000;

/** What is granted may differ by so much of its limit from what is told, and what is used by more. */
const ROUGHLY = { granted: 0.1, used: 0.2 };
/** What a single shard has may differ by so much of what is told of it, or by so few calls. */
const ROUGHLY_OF_SHARD = 0.25;
const FEW = 2;

/** `now`; or `before` itself, where no reader would care for the difference. */
export function roughly(before: FleetRates | undefined, now: FleetRates): FleetRates {
  return before && isClose(before, now) ? before : now;
}

function isClose(before: FleetRates, now: FleetRates): boolean {
  return (
    areClose(limitsOf(before), limitsOf(now), isLimitClose) &&
    areClose(sharesOf(before), sharesOf(now), isShareClose)
  );
}

interface Row {
  readonly perSecond?: number | undefined;
  readonly granted?: number | undefined;
  readonly used?: number | undefined;
}
type Rows = ReadonlyMap<string, Row>;

function areClose(told: Rows, next: Rows, isRowClose: (a: Row, b: Row) => boolean): boolean {
  if (!isDeepStrictEqual([...told.keys()], [...next.keys()])) return false;
  return [...next].every(([name, row]) => isRowClose(told.get(name) ?? {}, row));
}

function isLimitClose(before: Row, { perSecond = 0, granted = 0, used }: Row): boolean {
  return (
    before.perSecond === perSecond &&
    Math.abs((before.granted ?? 0) - granted) <= perSecond * ROUGHLY.granted &&
    isUseClose(before.used, used, perSecond * ROUGHLY.used)
  );
}

function isShareClose(before: Row, { granted = 0, used }: Row): boolean {
  const told = before.granted ?? 0;
  const most = Math.max(FEW, ROUGHLY_OF_SHARD * Math.max(told, granted));
  return Math.abs(told - granted) <= most && isUseClose(before.used, used, most);
}

function isUseClose(before: number | undefined, now: number | undefined, most: number): boolean {
  if (before === undefined || now === undefined) return before === now;
  return Math.abs(before - now) <= Math.max(FEW, most);
}

/** By method, in order; the whole comes first. */
function limitsOf({ methods = {}, ...whole }: FleetRates): Rows {
  return new Map([['', whole.perSecond === undefined ? {} : whole], ...inOrder(methods)]);
}

function sharesOf({ shards = [] }: FleetRates): Rows {
  return new Map(
    shards.flatMap(({ shard, methods = {}, ...whole }) => [
      [`${shard}`, whole] as const,
      ...inOrder(methods).map(([method, row]) => [`${shard}/${method}`, row] as const),
    ]),
  );
}

function inOrder(methods: Readonly<Record<string, Row>>): (readonly [string, Row])[] {
  return Object.entries(methods).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
