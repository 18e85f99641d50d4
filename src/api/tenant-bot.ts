import { z } from 'zod';
import { UPDATE_KINDS } from '../lib/update-kinds.ts';
import { breakerSettingsSchema } from './breaker.ts';
import { API_VERSION } from './group.ts';
import { handlersSchema, secretRefSchema } from './handlers.ts';
import { limitsSchema } from './limits.ts';
import { metadataSchema, type ObjectMeta } from './metadata.ts';
import { ownershipSettingsSchema } from './ownership.ts';
import { profileSchema } from './profile.ts';
import { restartSchema } from './restart.ts';
import { retrySchema } from './retry.ts';
import { tenantBotStatusSchema } from './tenant-bot-status.ts';

/** Log levels, the most talkative first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** How a bot may want to get its updates. */
export const INTAKE_MODES = ['Auto', 'Polling', 'Webhook'] as const;
export type IntakeMode = (typeof INTAKE_MODES)[number];

const updatesSchema = z
  .strictObject({
    mode: z.enum(INTAKE_MODES).default('Auto').meta({
      description:
        'Webhook: Telegram sends updates to the address of the fleet; the bot polls while that does not work. Polling: the bot fetches them. Auto: Webhook where the fleet has an address, else Polling.',
    }),
    allowedUpdates: z.array(z.enum(UPDATE_KINDS)).min(1).max(UPDATE_KINDS.length).optional().meta({
      description: 'Kinds of update to ask Telegram for. What the handlers need unless given.',
    }),
    dropPending: z.boolean().default(false).meta({
      description:
        'Whether updates that waited before the very first start of this bot are thrown away.',
    }),
    maxConcurrent: z.int().min(1).max(100).default(10).meta({
      description:
        'How many chats are answered side by side. Updates of one chat are always handled in order.',
    }),
  })
  .meta({ description: 'How updates are received.' });

/** `spec` of a TenantBot. */
export const tenantBotSpecSchema = z.strictObject({
  fleet: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: 'must be the name of a BotFleet' })
    .default('default')
    .meta({ description: 'Name of the BotFleet that runs the bot.' }),
  tokenSecretRef: secretRefSchema('token', 'Where the token from @BotFather lies.'),
  suspended: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether the bot is stopped (after what it has begun) but kept.' }),
  updates: updatesSchema.prefault({}),
  handlers: handlersSchema,
  profile: profileSchema.optional(),
  limits: limitsSchema.prefault({}),
  breaker: breakerSettingsSchema.prefault({}),
  retry: retrySchema.prefault({}),
  restart: restartSchema.prefault({}),
  ownership: ownershipSettingsSchema.prefault({}),
  logLevel: z
    .enum(LOG_LEVELS)
    .default('info')
    .meta({ description: "Level of the bot's own log lines." }),
});

/** A TenantBot as somebody writes it. */
export const tenantBotSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('TenantBot'),
  metadata: metadataSchema,
  spec: tenantBotSpecSchema.meta({ description: 'What the tenant wants.' }),
  status: tenantBotStatusSchema.optional().meta({
    description: 'What is. Written by the operator.',
  }),
});

export type TenantBotSpec = z.output<typeof tenantBotSpecSchema>;

/** A TenantBot as it is stored: defaults filled in, identity given. */
export interface TenantBot extends Omit<z.output<typeof tenantBotSchema>, 'metadata'> {
  readonly metadata: ObjectMeta;
}
