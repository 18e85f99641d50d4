import { z } from 'zod';
import { chatCooldownSchema } from '../../api/cooldown.ts';
import { placementSchema, tenantBotStatusSchema } from '../../api/tenant-bot-status.ts';

/** What makes an object the same one after a restart. */
const identitySchema = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  generation: z.int().min(1),
  creationTimestamp: z.string(),
  /** Fingerprint of the spec that `generation` counts. */
  specHash: z.string(),
  /** The manifest it came from: while that is broken, the object is not forgotten. */
  file: z.string(),
});

const botRecordSchema = identitySchema.extend({
  /** Whether it was ever handed to a runtime: its backlog is thrown away at most once. */
  everStarted: z.boolean(),
  /** Where it has its place, or had its last. */
  placement: placementSchema.optional(),
  status: tenantBotStatusSchema.catch({}),
  chatCooldowns: z.array(chatCooldownSchema).readonly().optional().catch(undefined),
});

/** What a standalone keeps from one run to the next. Holds no token and no key. */
export const stateSchema = z.object({
  version: z.literal(1),
  /** RFC 3339; by then bots were as `bots` says. */
  savedAt: z.string().optional().catch(undefined),
  bots: z.array(botRecordSchema),
  fleets: z.array(identitySchema),
});

export type BotRecord = z.output<typeof botRecordSchema>;
export type Identity = z.output<typeof identitySchema>;
export type State = z.output<typeof stateSchema>;

export const EMPTY_STATE: State = { version: 1, bots: [], fleets: [] };
