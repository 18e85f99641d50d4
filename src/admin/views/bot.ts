import { z } from 'zod';
import { BREAKER_STATES } from '../../api/breaker.ts';
import { HEALTH_STATES } from '../../api/health.ts';
import { PHASES, type TenantBotStatus, UPDATE_MODES } from '../../api/tenant-bot-status.ts';
import { TOKEN_STATES } from '../../api/token.ts';
import type { BotObject } from '../backend.ts';
import { managerOf, managerSchema } from '../manager.ts';
import { pageSchema } from './paging.ts';

const time = z.string().describe('RFC 3339.').nullable();

/** One line of a list of bots. What is not known of a bot is null. */
export const botRowSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  fleet: z.string(),
  createdAt: z.string(),
  suspended: z.boolean(),
  phase: z.enum(PHASES),
  ready: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().describe('Of its condition Ready, for programs.'),
  message: z.string().describe('Of its condition Ready: why, and what to do.'),
  health: z.enum(HEALTH_STATES).nullable(),
  errorPercent: z.number().nullable(),
  avgResponseMs: z.number().nullable(),
  breaker: z.enum(BREAKER_STATES).nullable(),
  token: z.enum(TOKEN_STATES).nullable(),
  username: z.string().nullable(),
  botId: z.int().nullable(),
  shard: z.int().nullable(),
  updateMode: z.enum(UPDATE_MODES).nullable(),
  lastUpdateAt: time,
  updates: z.int().describe('Received since the first start.'),
  errors: z.int(),
  restarts: z.int(),
  manager: managerSchema.nullable(),
});
export type BotRow = z.output<typeof botRowSchema>;

/** Answer of `GET /v1/bots`. */
export const botPageSchema = pageSchema(botRowSchema);

/** Answer of `GET /v1/bots/{namespace}/{name}`. */
export const botDetailSchema = botRowSchema.extend({
  uid: z.string(),
  generation: z.int(),
  labels: z.record(z.string(), z.string()),
  spec: z.record(z.string(), z.unknown()).describe('As it is stored.'),
  status: z.record(z.string(), z.unknown()).describe('As it is stored.'),
});
export type BotDetail = z.output<typeof botDetailSchema>;

/** Answer of whatever changes a bot. */
export const changedBotSchema = z.object({
  bot: botDetailSchema,
  warning: z
    .string()
    .optional()
    .describe('What will become of the change, where it will not last.'),
});

/** `bot` as a line of a list. */
export function botRow({ metadata, spec, status }: BotObject): BotRow {
  const { namespace, name, creationTimestamp } = metadata;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    manager: managerOf(metadata) ?? null,
    ...settingsOf(spec),
    phase: oneOf(PHASES, status.phase) ?? 'Pending',
    ...readiness(status),
    ...calls(status),
    token: oneOf(TOKEN_STATES, status.token?.state),
    shard: status.placement?.shard ?? null,
    ...atTelegram(status),
    ...counted(status),
  };
}

function readiness({ conditions }: TenantBotStatus) {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return {
    ready: ready?.status ?? 'Unknown',
    reason: ready?.reason ?? '',
    message: ready?.message ?? '',
  };
}

function calls({ health, breaker }: TenantBotStatus) {
  return {
    health: oneOf(HEALTH_STATES, health?.state),
    errorPercent: health?.errorRate ?? null,
    avgResponseMs: health?.avgResponseMs ?? null,
    breaker: oneOf(BREAKER_STATES, breaker?.state),
  };
}

function atTelegram({ bot, updates }: TenantBotStatus) {
  return {
    username: bot?.username ?? null,
    botId: bot?.id ?? null,
    updateMode: oneOf(UPDATE_MODES, updates?.mode),
    lastUpdateAt: updates?.lastUpdateAt ?? null,
  };
}

function counted({ counters, restarts }: TenantBotStatus) {
  const { updates = 0, errors = 0 } = counters ?? {};
  return { updates, errors, restarts: restarts ?? 0 };
}

/** `bot` with all that is known of it. */
export function botDetail(bot: BotObject): BotDetail {
  const { metadata, spec, status } = bot;
  return {
    ...botRow(bot),
    uid: metadata.uid,
    generation: metadata.generation,
    labels: metadata.labels ?? {},
    spec: isRecord(spec) ? spec : {},
    status,
  };
}

/** What is read of a spec, which may be one that another version of the schema let through. */
export function settingsOf(spec: unknown): { readonly fleet: string; readonly suspended: boolean } {
  const { fleet, suspended } = isRecord(spec) ? spec : {};
  return { fleet: typeof fleet === 'string' ? fleet : 'default', suspended: suspended === true };
}

/** `value` where it is one of `values`: a status may come from another version. */
export function oneOf<Value extends string>(
  values: readonly Value[],
  value: Value | undefined,
): Value | null {
  return value !== undefined && values.includes(value) ? value : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
