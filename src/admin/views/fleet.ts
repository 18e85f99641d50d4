import { z } from 'zod';
import { conditionSchema } from '../../api/conditions.ts';
import { ROLLOUT_PHASES } from '../../api/rollout.ts';
import type { FleetObject } from '../backend.ts';
import { pageSchema } from './paging.ts';

const count = z.int().min(0);
const rate = count.nullable();

/** How one limit is handed out: calls a second. */
const rateSchema = z.object({
  perSecond: rate.describe('What the limit allows; null where there is none.'),
  granted: rate,
  used: rate,
});
const methodRateSchema = rateSchema.extend({ method: z.string() });
const shardRateSchema = rateSchema.omit({ perSecond: true }).extend({ shard: count });

/** How the limits of a fleet are handed out. */
export const fleetRatesViewSchema = rateSchema.extend({
  namespace: z.string(),
  name: z.string(),
  methods: z.array(methodRateSchema),
  shards: z.array(shardRateSchema),
});
export type FleetRatesView = z.output<typeof fleetRatesViewSchema>;

/** A bot whose calls pause because Telegram has asked for it. */
export const cooldownViewSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  since: z.string(),
  until: z.string(),
});

/** A bot that waits for its turn to be loaded by Telegram. */
export const coldStartViewSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  message: z.string().describe('When its turn comes, in words.'),
});

/** Answer of `GET /v1/rates`. Of bots it tells the first hundred of each kind, and how many there are. */
export const ratesSchema = z.object({
  fleets: z.array(fleetRatesViewSchema).max(100),
  cooldowns: pageSchema(cooldownViewSchema),
  coldStarts: pageSchema(coldStartViewSchema),
});

/** One fleet with each of its shards. */
export const fleetShardsSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  shards: count.describe('That there are to be.'),
  readyShards: count,
  bots: count,
  readyBots: count,
  capacity: count.describe('Bots that fit on these shards.'),
  rollout: z
    .object({
      revision: z.string(),
      phase: z.enum(ROLLOUT_PHASES),
      canary: count,
      since: z.string(),
      healthySince: z.string().optional(),
    })
    .nullable(),
  conditions: z.array(conditionSchema),
  perShard: z.array(
    z.object({ shard: count, ready: z.boolean(), bots: count, granted: rate, used: rate }),
  ),
});
export type FleetShards = z.output<typeof fleetShardsSchema>;

/** Answer of `GET /v1/shards`: fleets with their shards. */
export const shardsSchema = pageSchema(fleetShardsSchema);

/** How the limits of `fleet` are handed out. */
export function fleetRates({ metadata, status }: FleetObject): FleetRatesView {
  const {
    perSecond = null,
    granted = null,
    used = null,
    methods = {},
    shards = [],
  } = status.rates ?? {};
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    perSecond,
    granted,
    used,
    methods: Object.entries(methods).map(([method, of]) => ({
      method,
      perSecond: of.perSecond,
      granted: of.granted,
      used: of.used ?? null,
    })),
    shards: shards.map(({ shard, granted = null, used = null }) => ({ shard, granted, used })),
  };
}

/** `fleet` with each of its shards. */
export function fleetShards(fleet: FleetObject): FleetShards {
  const { metadata, status } = fleet;
  const rates = new Map(fleetRates(fleet).shards.map((of) => [of.shard, of]));
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    shards: status.shards ?? 0,
    readyShards: status.readyShards ?? 0,
    bots: status.bots ?? 0,
    readyBots: status.readyBots ?? 0,
    capacity: status.capacity ?? 0,
    rollout: status.rollout ?? null,
    conditions: status.conditions ?? [],
    perShard: (status.perShard ?? []).map(({ shard, ready, bots }) => {
      const { granted = null, used = null } = rates.get(shard) ?? {};
      return { shard, ready, bots, granted, used };
    }),
  };
}
