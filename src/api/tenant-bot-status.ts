import { z } from 'zod';
import { botRequestsSchema } from './bot-requests.ts';
import { breakerStatusSchema } from './breaker.ts';
import { conditionsSchema } from './conditions.ts';
import { cooldownSchema } from './cooldown.ts';
import { healthStatusSchema } from './health.ts';
import { ownershipStatusSchema } from './ownership.ts';
import { TOKEN_STATES } from './token.ts';

/** The life of a bot, as `status.phase` shows it. */
export const PHASES = [
  'Pending',
  'Starting',
  'Running',
  'Stopping',
  'Stopped',
  'Crashed',
  'Restarting',
  'Suspended',
] as const;
export type Phase = (typeof PHASES)[number];

/** How a bot gets its updates. */
export const UPDATE_MODES = ['Polling', 'Webhook'] as const;
export type UpdateMode = (typeof UPDATE_MODES)[number];

const time = (description: string) => z.string().meta({ format: 'date-time', description });
const count = (description: string) => z.int().min(0).meta({ description });

export const botIdentitySchema = z
  .strictObject({
    id: z.int().meta({ format: 'int64', description: "The bot's id at Telegram." }),
    username: z.string().meta({ description: 'Without the @.' }),
    name: z.string().meta({ description: 'The name that users see.' }),
  })
  .meta({ description: 'Who the bot is, as Telegram says.' });

export const tokenStatusSchema = z
  .strictObject({
    state: z.enum(TOKEN_STATES).meta({ description: 'What is known of the token.' }),
    lastChecked: time('When Telegram was last asked.').optional(),
    message: z
      .string()
      .meta({ description: 'What is wrong and what to do; empty if all is well.' }),
  })
  .meta({ description: "The token's validity." });

export const placementSchema = z
  .strictObject({
    fleet: z.string().meta({ description: 'Name of the fleet.' }),
    shard: z.int().min(0).meta({ description: 'Ordinal of the shard that hosts the bot.' }),
    epoch: z.int().min(1).meta({
      format: 'int64',
      description: 'Grows at every change of owner, and never goes back.',
    }),
    since: time('When the bot was placed there.'),
    botId: z.int().optional().meta({
      format: 'int64',
      description:
        'Id at Telegram of the bot that the shard may be running; absent while the place only waits.',
    }),
    offset: z.int().min(1).optional().meta({
      format: 'int64',
      description: 'Id of the first update that the owner before had not finished, if it has told.',
    }),
  })
  .meta({ description: 'Which shard owns the bot.' });

export const countersSchema = z
  .strictObject({
    updates: count('Updates received.'),
    handled: count('Updates that a handler dealt with.'),
    skipped: count('Updates given up on after several tries.'),
    replies: count('Messages sent.'),
    errors: count('Calls and handlers that failed.'),
    uptimeSeconds: count(
      'How long it ran, up to its last stop or crash; the present run began at startedAt.',
    ).optional(),
  })
  .meta({ description: 'Counted since the bot was first started.' });

export const botErrorSchema = z
  .strictObject({
    time: time('When it last happened.'),
    fingerprint: z.string().meta({ description: 'The same for errors of the same cause.' }),
    message: z.string().max(1024).meta({ description: 'What happened and what to do.' }),
  })
  .meta({ description: 'The last error.' });

/** `status` of a TenantBot. */
export const tenantBotStatusSchema = z.strictObject({
  observedGeneration: z.int().optional().meta({
    format: 'int64',
    description: 'The generation of the spec that this status speaks of.',
  }),
  phase: z.enum(PHASES).optional().meta({ description: 'Where the bot is in its life.' }),
  conditions: conditionsSchema.optional(),
  bot: botIdentitySchema.optional(),
  token: tokenStatusSchema.optional(),
  placement: placementSchema.optional(),
  updates: z
    .strictObject({
      mode: z.enum(UPDATE_MODES).meta({ description: 'How updates are received.' }),
      webhookUrl: z.string().max(2048).optional().meta({
        description: 'Where Telegram sends them, without the part that nobody may know.',
      }),
      lastUpdateAt: time('When the last update arrived.').optional(),
    })
    .optional()
    .meta({ description: 'How updates come in.' }),
  health: healthStatusSchema.optional(),
  breaker: breakerStatusSchema.optional(),
  cooldown: cooldownSchema.optional(),
  counters: countersSchema.optional(),
  restarts: count('Restarts after a crash.').optional(),
  startedAt: time('When the bot last started.').optional(),
  lastError: botErrorSchema.optional(),
  handledRequests: botRequestsSchema.optional(),
  ownership: ownershipStatusSchema.optional(),
});

export type BotIdentity = z.output<typeof botIdentitySchema>;
export type TokenStatus = z.output<typeof tokenStatusSchema>;
export type Placement = z.output<typeof placementSchema>;
export type Counters = z.output<typeof countersSchema>;
export type BotError = z.output<typeof botErrorSchema>;
export type TenantBotStatus = z.output<typeof tenantBotStatusSchema>;
