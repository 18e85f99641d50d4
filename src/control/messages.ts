import { z } from 'zod';
import { botFleetSpecSchema } from '../api/bot-fleet.ts';
import { botRequestsSchema } from '../api/bot-requests.ts';
import { breakerStatusSchema, CLOSED_BREAKER } from '../api/breaker.ts';
import { chatCooldownSchema, cooldownSchema, MAX_CHAT_COOLDOWNS } from '../api/cooldown.ts';
import type { BotKey } from '../api/group.ts';
import { healthStatusSchema, UNKNOWN_HEALTH } from '../api/health.ts';
import { ownershipStatusSchema } from '../api/ownership.ts';
import { retryCountSchema } from '../api/retry-counts.ts';
import { ASPECTS, LIFECYCLES, type RuntimeFacts } from '../api/runtime-facts.ts';
import { tenantBotSpecSchema } from '../api/tenant-bot.ts';
import {
  botErrorSchema,
  botIdentitySchema,
  countersSchema,
  tokenStatusSchema,
  UPDATE_MODES,
} from '../api/tenant-bot-status.ts';
import { TOKEN_STATES } from '../api/token.ts';
import { Secret } from '../lib/secret.ts';
import { demandSchema, grantSchema } from './grants.ts';
import type { BotAssignment, BotReport, EndedBot } from './port.ts';

/**
 * The version of the messages below. It grows when one changes so that the other side would
 * misread it; a field that may be left out is no such change, since readers skip what they don't
 * know.
 */
export const PROTOCOL = 1;

/** The versions that one side understands, both ends included. */
export interface ProtocolRange {
  readonly oldest: number;
  readonly newest: number;
}

/** What this program understands: its own version and the one before. */
export const SPOKEN: ProtocolRange = { oldest: Math.max(1, PROTOCOL - 1), newest: PROTOCOL };

/** Where a runtime sends its requests. */
export const SYNC_PATH = '/v1/sync';

/** How many reports one request carries at most; more follow in the next. */
export const MAX_REPORTS = 1_000;

const wallMs = z.int();
const uid = z.string().min(1).max(128);
const epoch = z.int().min(1);

const cooldownFields = {
  cooldown: cooldownSchema.exactOptional(),
  // A newer program may tell more of them than this one goes by.
  chatCooldowns: z
    .array(chatCooldownSchema)
    .max(4 * MAX_CHAT_COOLDOWNS)
    .exactOptional(),
};

const aspectSchema = z.object({
  ok: z.boolean(),
  reason: z.string().max(64),
  message: z.string().max(1024),
});

const factsSchema: z.ZodType<RuntimeFacts> = z.object({
  lifecycle: z.enum(LIFECYCLES),
  generation: z.int(),
  token: tokenStatusSchema,
  bot: botIdentitySchema.exactOptional(),
  conflict: z.object({ since: z.string(), message: z.string().max(1024) }).exactOptional(),
  updates: z.object({
    mode: z.enum(UPDATE_MODES),
    webhookUrl: z.string().max(2048).exactOptional(),
    lastUpdateAt: z.string().exactOptional(),
  }),
  // A runtime of the version before does not tell of these.
  health: healthStatusSchema.default(UNKNOWN_HEALTH),
  breaker: breakerStatusSchema.default(CLOSED_BREAKER),
  aspects: z.partialRecord(z.enum(ASPECTS), aspectSchema).exactOptional(),
  counters: countersSchema,
  restarts: z.int().min(0),
  startedAt: z.string().exactOptional(),
  lastError: botErrorSchema.exactOptional(),
  handledRequests: botRequestsSchema.exactOptional(),
  ownership: ownershipStatusSchema.exactOptional(),
  ...cooldownFields,
});

const reportSchema: z.ZodType<BotReport> = z.object({ uid, epoch, facts: factsSchema });

const hostedSchema = z.object({ uid, epoch });
/** A bot that a runtime hosts or has not let go of yet. */
export type HostedBot = Readonly<z.output<typeof hostedSchema>>;

const endedSchema: z.ZodType<EndedBot> = z.object({
  uid,
  epoch,
  offset: z.int().min(1).exactOptional(),
});
/** More lines than a hundred methods can have. */
const MAX_RETRY_COUNTS = 4_000;

/** How many bots that have ended one request speaks of at most. */
export const MAX_ENDED = 1_000;

const markSchema = z.object({ instance: z.string().min(1).max(128), revision: z.int().min(0) });
/** How far a runtime has followed which leader. Revisions of two leaders can't be compared. */
export type Mark = Readonly<z.output<typeof markSchema>>;

/** Only what tells versions apart. */
export const protocolSchema = z.object({ protocol: z.int() });

/** What a runtime asks. It says nothing of which shard it is: its token does. */
export const syncRequestSchema = z.object({
  protocol: z.int(),
  /** Random for each start of a runtime. */
  session: z.string().min(8).max(128),
  /** Grows with every request of a session. */
  seq: z.int().min(1),
  /** What the sender's clock shows (ms since 1970), for whoever is to act on times that it tells. */
  at: wallMs.exactOptional(),
  /** The last answer that was taken over; none at first. */
  have: markSchema.exactOptional(),
  /** All that is hosted, whenever the leader may not know it. */
  hosting: z.array(hostedSchema).max(100_000).exactOptional(),
  /** What became of bots that are hosted no more; goes along with `hosting`. */
  ended: z.array(endedSchema).max(MAX_ENDED).exactOptional(),
  reports: z.array(reportSchema).max(MAX_REPORTS),
  /** Where the fleet has limits. */
  demand: demandSchema.exactOptional(),
  /** All retries of the session; left out where the leader has them. */
  retries: z.array(retryCountSchema).max(MAX_RETRY_COUNTS).exactOptional(),
});
export type SyncRequest = z.output<typeof syncRequestSchema>;

const signingKeysSchema = z
  .record(z.string().regex(/^\d{1,4}$/), z.string().min(1))
  .transform((keys) => {
    const entries = Object.entries(keys).map(
      ([place, key]) => [Number(place), new Secret(key)] as const,
    );
    // Most bots have none, and an empty map weighs more than what says so.
    return entries.length > 0 ? new Map(entries) : NO_SIGNING_KEYS;
  });
const NO_SIGNING_KEYS: BotAssignment['signingKeys'] = new Map();

/** One bot, as the leader hands it out. */
export const assignmentSchema: z.ZodType<BotAssignment> = z.object({
  uid,
  key: z.custom<BotKey>((key) => typeof key === 'string' && /^[^/]+\/[^/]+$/.test(key)),
  generation: z.int(),
  epoch,
  spec: tenantBotSpecSchema,
  token: z
    .string()
    .min(1)
    .transform((token) => new Secret(token)),
  signingKeys: signingKeysSchema,
  dropPending: z.boolean(),
  resume: z
    .object({
      bot: botIdentitySchema.exactOptional(),
      token: z.enum(TOKEN_STATES).exactOptional(),
      counters: countersSchema,
      restarts: z.int().min(0).exactOptional(),
      health: healthStatusSchema.exactOptional(),
      breaker: breakerStatusSchema.exactOptional(),
      handledRequests: botRequestsSchema.exactOptional(),
      ownership: ownershipStatusSchema.exactOptional(),
      ...cooldownFields,
      offset: z.int().min(1).exactOptional(),
    })
    .exactOptional(),
  requests: botRequestsSchema.exactOptional(),
});

/** Enough of a bot to name it, where the rest can't be read. */
export const assignmentHeadSchema = z.object({ uid, key: z.string(), generation: z.int(), epoch });

/**
 * What the leader answers: all changes between the revision that the runtime has (0 where that is
 * another leader's) and `revision`. It also acknowledges the reports of the request.
 */
export const syncAnswerSchema = z.object({
  protocol: z.int(),
  instance: z.string().min(1).max(128),
  revision: z.int().min(0),
  /** As in a request. */
  at: wallMs.exactOptional(),
  /** Whether the leader has read all there is, and the runtime now has all of it. */
  complete: z.boolean(),
  /** Whether the runtime is to say what it hosts. */
  wantHosting: z.boolean(),
  share: z.object({ fleet: botFleetSpecSchema, shards: z.int().min(1) }).exactOptional(),
  /** Each to be read by {@link assignmentSchema}, so that one that can't be read harms no other. */
  upserts: z.array(z.unknown()),
  /** uids */
  removals: z.array(uid),
  grant: grantSchema.exactOptional(),
});
export type SyncAnswer = z.output<typeof syncAnswerSchema>;

/** How anything but an answer looks (RFC 9457). */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What is wrong and what to do, for people. */
  detail: z.string(),
  /** Stable, for programs. */
  code: z.string(),
  /** Who leads, where the one that answers does not. */
  holder: z.string().exactOptional(),
  /** The protocol versions that are understood. */
  spoken: z.object({ oldest: z.int(), newest: z.int() }).exactOptional(),
});
export type Problem = z.output<typeof problemSchema>;

/** `assignment` as it goes over the wire. Holds secrets in plain text: for the connection alone. */
export function toWire(assignment: BotAssignment): Record<string, unknown> {
  const { token, signingKeys, ...rest } = assignment;
  const keys = [...signingKeys].map(([place, key]) => [place, key.reveal()] as const);
  return { ...rest, token: token.reveal(), signingKeys: Object.fromEntries(keys) };
}
