import { z } from 'zod';

const shardStatusSchema = z.strictObject({
  shard: z.int().min(0).meta({ description: 'Ordinal of the shard.' }),
  ready: z.boolean().meta({ description: 'Whether it is at work.' }),
  bots: z.int().min(0).meta({ description: 'Bots that have their place there.' }),
});

/** `status.perShard` of a BotFleet. */
export const perShardSchema = z.array(shardStatusSchema).meta({
  description: 'Each shard that there is to be.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['shard'],
});

/** What a fleet's status tells of one shard. */
export type ShardStatus = z.output<typeof shardStatusSchema>;
