import { z } from 'zod';
import { coldStartSchema } from './cold-start.ts';
import { conditionsSchema } from './conditions.ts';
import { fleetRatesSchema } from './fleet-rates.ts';
import { API_VERSION } from './group.ts';
import { metadataSchema, type ObjectMeta } from './metadata.ts';
import { podSettings } from './pod-settings.ts';
import { rateLimitsSchema } from './rate-limits.ts';
import { canarySecondsSchema, rolloutSchema } from './rollout.ts';
import { text, withRule } from './rules.ts';
import { perShardSchema } from './shard-status.ts';
import { LONGEST_STOP_DRAIN_SECONDS } from './stop.ts';
import { TELEGRAM_API_ROOT } from './telegram-api.ts';
import { tenancySchema } from './tenancy.ts';
import { fleetWebhookSchema, PUBLIC_URL_RULE } from './webhook.ts';

/**
 * The longest name of a fleet: that of its StatefulSet is `tenantbot-` longer, and Kubernetes adds
 * 11 characters to that for a label of the pods, which holds 63.
 */
const MAX_NAME_LENGTH = 42;
const MAX_SHARDS = 1000;

const telegramSchema = z
  .strictObject({
    apiRoot: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/[A-Za-z0-9.\-_[\]:]+(\/[A-Za-z0-9.\-_~%/]*)?$/, {
        error: 'must be an http:// or https:// address without user, query or fragment',
      })
      .default(TELEGRAM_API_ROOT)
      .meta({ description: 'Address of the Bot API server. It receives the tokens of all bots.' }),
    http2: z.boolean().default(false).meta({
      description:
        'Whether to hold polls over HTTP/2 (over TLS only). Saves memory; a self-hosted Bot API server does not speak it.',
    }),
    caBundle: text({ maxLength: 65_536 })
      .regex(/^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----[ \t\r\n]*$/, {
        error: 'must be one or more certificates in PEM form',
      })
      .optional()
      .meta({
        description:
          "Certificates (PEM) that the Bot API server's own is checked against, instead of the public ones.",
      }),
  })
  .meta({ description: 'How bots reach Telegram.' });

const shardingSchema = withRule(
  z
    .strictObject({
      botsPerShard: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .meta({ description: 'How many bots one shard hosts at most.' }),
      minShards: z.int().min(1).max(MAX_SHARDS).default(1).meta({
        description: 'How many shards there are at least. Standalone has as many as --shards says.',
      }),
      maxShards: z.int().min(1).max(MAX_SHARDS).default(100).meta({
        description: 'How many shards there are at most. Standalone has as many as --shards says.',
      }),
      movesPerMinute: z.int().min(1).max(60_000).default(600).meta({
        description:
          'How many running bots are moved to another shard in a minute at most, evenly spread. Bots of a shard that is lost do not wait.',
      }),
      reassignSeconds: z.int().min(10).max(3_600).default(60).meta({
        description:
          'How long a shard that is not heard, and whose pod is not ready or not there, is waited for before its bots go to other shards.',
      }),
    })
    .meta({ description: 'How bots are packed into shards, of which each is one process.' }),
  {
    cel: 'self.minShards <= self.maxShards',
    message: 'minShards must not be above maxShards',
    holds: ({ minShards, maxShards }) => minShards <= maxShards,
  },
);

const runtimeSchema = z
  .strictObject({
    ...podSettings,
    drainSeconds: z
      .int()
      .min(1)
      .max(300)
      .default(4)
      .meta({
        description: `How long a bot that stops may go on with the updates it has begun; where its whole runtime stops, ${LONGEST_STOP_DRAIN_SECONDS} s at most.`,
      }),
    canarySeconds: canarySecondsSchema,
  })
  .meta({
    description:
      'The processes that host bots. Standalone has no pods, and goes by drainSeconds alone.',
  });

const historySchema = z
  .strictObject({
    snapshotSeconds: z
      .int()
      .min(60)
      .max(3_600)
      .default(300)
      .meta({ description: 'How often it is written down how each bot does.' }),
  })
  .meta({ description: 'What is kept of how bots did, where there is a database for it.' });

/** `spec` of a BotFleet. */
export const botFleetSpecSchema = withRule(
  z.strictObject({
    telegram: telegramSchema.prefault({}),
    webhook: fleetWebhookSchema.optional(),
    sharding: shardingSchema.prefault({}),
    runtime: runtimeSchema.prefault({}),
    rateLimits: rateLimitsSchema.prefault({}),
    coldStart: coldStartSchema.optional(),
    tenancy: tenancySchema.prefault({}),
    history: historySchema.prefault({}),
  }),
  PUBLIC_URL_RULE,
);

/** `status` of a BotFleet. */
export const botFleetStatusSchema = z.strictObject({
  observedGeneration: z.int().optional().meta({
    format: 'int64',
    description: 'The generation of the spec that this status speaks of.',
  }),
  shards: z.int().min(0).optional().meta({ description: 'Shards there are to be.' }),
  readyShards: z.int().min(0).optional().meta({ description: 'Those of them that are at work.' }),
  bots: z.int().min(0).optional().meta({ description: 'Bots that name this fleet.' }),
  readyBots: z.int().min(0).optional().meta({ description: 'Those of them that are Ready.' }),
  capacity: z.int().min(0).optional().meta({ description: 'Bots that fit on these shards.' }),
  rates: fleetRatesSchema.optional(),
  perShard: perShardSchema.optional(),
  rollout: rolloutSchema.optional(),
  conditions: conditionsSchema.optional(),
});

/** A BotFleet as somebody writes it. */
export const botFleetSchema = withRule(
  z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('BotFleet'),
    metadata: metadataSchema,
    spec: botFleetSpecSchema.prefault({}).meta({ description: 'What the platform team wants.' }),
    status: botFleetStatusSchema.optional().meta({
      description: 'What is. Written by the operator.',
    }),
  }),
  {
    cel: `self.metadata.name.size() <= ${MAX_NAME_LENGTH} && !self.metadata.name.contains('.')`,
    message: `metadata.name must have at most ${MAX_NAME_LENGTH} characters and no dot, since labels of its pods hold it`,
    holds: ({ metadata: { name } }) => name.length <= MAX_NAME_LENGTH && !name.includes('.'),
  },
);

export type BotFleetSpec = z.output<typeof botFleetSpecSchema>;
export type BotFleetStatus = z.output<typeof botFleetStatusSchema>;

/** A BotFleet as it is stored: defaults filled in, identity given. */
export interface BotFleet extends Omit<z.output<typeof botFleetSchema>, 'metadata'> {
  readonly metadata: ObjectMeta;
}
