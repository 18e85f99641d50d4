import { z } from 'zod';

/** `spec.breaker` of a TenantBot. */
export const breakerSettingsSchema = z
  .strictObject({
    failureThreshold: z.int().min(1).max(1_000).default(5).meta({
      description: 'How many calls in a row must fail before no more are made for a while.',
    }),
    openSeconds: z.int().min(1).max(3_600).default(60).meta({
      description: 'How long no calls are made then.',
    }),
    successThreshold: z.int().min(1).max(100).default(2).meta({
      description:
        'How many calls must succeed after that, one at a time, before all are made again.',
    }),
  })
  .meta({
    description:
      'When calls to Telegram are given up for a while, because they keep failing. What Telegram refuses is no failure.',
  });

export type BreakerSettings = z.output<typeof breakerSettingsSchema>;

/** Where a breaker is. */
export const BREAKER_STATES = ['Closed', 'Open', 'HalfOpen'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** `status.breaker` of a TenantBot. */
export const breakerStatusSchema = z
  .strictObject({
    state: z.enum(BREAKER_STATES).meta({
      description:
        'Closed: calls are made. Open: none are. HalfOpen: one at a time, to see whether it works again.',
    }),
    failures: z.int().min(0).meta({ description: 'Calls that failed in a row.' }),
    openedAt: z
      .string()
      .optional()
      .meta({ format: 'date-time', description: 'When it opened last; absent while closed.' }),
    nextProbeAt: z
      .string()
      .optional()
      .meta({ format: 'date-time', description: 'When the next call may be made; while open.' }),
  })
  .meta({ description: "The bot's circuit breaker." });

export type BreakerStatus = z.output<typeof breakerStatusSchema>;

/** The breaker of a bot that has made no call yet. */
export const CLOSED_BREAKER: BreakerStatus = { state: 'Closed', failures: 0 };
