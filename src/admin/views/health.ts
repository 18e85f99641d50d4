import { z } from 'zod';
import { BREAKER_STATES } from '../../api/breaker.ts';
import { HEALTH_STATES, UNKNOWN_HEALTH } from '../../api/health.ts';
import { PHASES } from '../../api/tenant-bot-status.ts';
import { TOKEN_STATES } from '../../api/token.ts';
import type { BotObject } from '../backend.ts';
import { type BotRow, botRow, botRowSchema } from './bot.ts';
import { pageSchema } from './paging.ts';

const count = z.int().min(0);

/** Answer of `GET /v1/health/summary`: how many bots there are in which state. */
export const healthSummarySchema = z.object({
  bots: count,
  ready: count,
  suspended: count,
  unwell: count.describe('As many as `GET /v1/health/unhealthy` lists.'),
  health: z.record(z.enum(HEALTH_STATES), count),
  breaker: z.record(z.enum(BREAKER_STATES), count),
  phase: z.record(z.enum(PHASES), count),
  token: z.record(z.enum(TOKEN_STATES), count),
  errorPercent: z.number().nullable().describe('Mean over the bots that are at work.'),
  avgResponseMs: z.number().nullable().describe('Mean over the bots that are at work.'),
  updates: count.describe('Received by all bots since their first start.'),
  errors: count,
});
export type HealthSummary = z.output<typeof healthSummarySchema>;

/** Answer of `GET /v1/bots/{namespace}/{name}/health`, and a line of those that are unwell. */
export const botHealthSchema = botRowSchema
  .pick({
    namespace: true,
    name: true,
    fleet: true,
    phase: true,
    ready: true,
    reason: true,
    message: true,
    health: true,
    errorPercent: true,
    avgResponseMs: true,
    breaker: true,
    token: true,
    restarts: true,
  })
  .extend({
    consecutiveFailures: count,
    rateLimited: count,
    lastSuccess: z.string().nullable(),
    lastFailure: z.string().nullable(),
    lastError: z.string().nullable(),
    cooldown: z
      .object({ since: z.string(), until: z.string() })
      .nullable()
      .describe('The pause that Telegram asked the bot for last.'),
  });
export type BotHealth = z.output<typeof botHealthSchema>;

/** Answer of `GET /v1/health/unhealthy`: the worst first. */
export const unhealthyPageSchema = pageSchema(botHealthSchema);

/** How `bot` does. */
export function botHealth(bot: BotObject): BotHealth {
  const { health = UNKNOWN_HEALTH, cooldown, lastError } = bot.status;
  return {
    ...botRow(bot),
    consecutiveFailures: health.consecutiveFailures,
    rateLimited: health.rateLimited,
    lastSuccess: health.lastSuccess ?? null,
    lastFailure: health.lastFailure ?? null,
    lastError: health.lastError ?? lastError?.message ?? null,
    cooldown: cooldown ?? null,
  };
}

/** How ill a bot is, the worst highest; 0 for one that is well, or is not to run. */
export function illness({ phase, health, breaker }: BotRow): number {
  if (phase === 'Suspended' && health === 'Suspended') return 0;
  if (phase === 'Crashed') return 4;
  if (health === 'Unhealthy') return 3;
  if (breaker !== null && breaker !== 'Closed') return 2;
  return health === 'Degraded' ? 1 : 0;
}

/** How all of `bots` do together. */
export function healthSummary(bots: readonly BotRow[]): HealthSummary {
  const summary = {
    bots: 0,
    ready: 0,
    suspended: 0,
    unwell: 0,
    health: zeros(HEALTH_STATES),
    breaker: zeros(BREAKER_STATES),
    phase: zeros(PHASES),
    token: zeros(TOKEN_STATES),
    updates: 0,
    errors: 0,
  };
  const working = { bots: 0, errorPercent: 0, avgResponseMs: 0 };
  for (const row of bots) {
    summary.bots++;
    summary.ready += row.ready === 'True' ? 1 : 0;
    summary.suspended += row.suspended ? 1 : 0;
    summary.unwell += illness(row) > 0 ? 1 : 0;
    summary.updates += row.updates;
    summary.errors += row.errors;
    summary.phase[row.phase]++;
    if (row.health) summary.health[row.health]++;
    if (row.breaker) summary.breaker[row.breaker]++;
    if (row.token) summary.token[row.token]++;
    if (row.phase !== 'Running' || row.errorPercent === null) continue;
    working.bots++;
    working.errorPercent += row.errorPercent;
    working.avgResponseMs += row.avgResponseMs ?? 0;
  }
  const mean = (sum: number): number | null =>
    working.bots === 0 ? null : Math.round((10 * sum) / working.bots) / 10;
  return {
    ...summary,
    errorPercent: mean(working.errorPercent),
    avgResponseMs: mean(working.avgResponseMs),
  };
}

function zeros<State extends string>(states: readonly State[]): Record<State, number> {
  return Object.fromEntries(states.map((state) => [state, 0])) as Record<State, number>;
}
