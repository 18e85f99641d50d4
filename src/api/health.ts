import { z } from 'zod';

/** How a bot does (DESIGN §4). */
export const HEALTH_STATES = ['Healthy', 'Degraded', 'Unhealthy', 'Suspended'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

const time = (description: string) =>
  z.string().optional().meta({ format: 'date-time', description });

/** `status.health` of a TenantBot: how its calls to Telegram go. */
export const healthStatusSchema = z
  .strictObject({
    state: z.enum(HEALTH_STATES).meta({
      description:
        'Degraded from 20 % failed calls on, Unhealthy from 50 % or 5 failures in a row on, Suspended while it is not to run.',
    }),
    errorRate: z
      .int()
      .min(0)
      .max(100)
      .meta({ description: 'Share of recent calls that failed, in percent.' }),
    avgResponseMs: z
      .int()
      .min(0)
      .meta({ description: 'How long Telegram takes to answer, as a moving average.' }),
    consecutiveFailures: z.int().min(0).meta({ description: 'Calls that failed in a row.' }),
    rateLimited: z.int().min(0).meta({ description: 'Times that Telegram asked to slow down.' }),
    lastSuccess: time('When a call last succeeded.'),
    lastFailure: time('When a call last failed.'),
    lastError: z.string().max(1024).optional().meta({ description: 'How it failed.' }),
  })
  .meta({ description: 'How the calls of the bot go.' });

export type HealthStatus = z.output<typeof healthStatusSchema>;

/** The health of a bot that has made no call yet. */
export const UNKNOWN_HEALTH: HealthStatus = {
  state: 'Healthy',
  errorRate: 0,
  avgResponseMs: 0,
  consecutiveFailures: 0,
  rateLimited: 0,
};
