import { z } from 'zod';
import { BREAKER_STATES } from '../../api/breaker.ts';
import { HEALTH_STATES } from '../../api/health.ts';
import { CALL_OUTCOMES, TRANSITION_KINDS, UPDATE_OUTCOMES } from '../../api/history-records.ts';
import { INCIDENT_KINDS } from '../../history/queries/incidents.ts';
import { pageSchema } from './paging.ts';

const count = z.number().min(0);
const figure = z.number().nullable();

/** Answer of `GET /v1/bots/{namespace}/{name}/history`: one point a step, without holes. */
export const botHistorySchema = z.object({
  stepSeconds: z.int(),
  points: z
    .array(
      z.object({
        at: z.string().describe('The begin of the step.'),
        samples: z.int().describe('0 where nothing was heard: a gap.'),
        health: z.enum(HEALTH_STATES).nullable().describe('The worst.'),
        breaker: z.enum(BREAKER_STATES).nullable().describe('The worst.'),
        errorPercent: figure,
        avgResponseMs: figure,
        updates: figure,
        errors: figure,
        rateLimited: figure,
        restarts: figure,
      }),
    )
    .max(500)
    .readonly(),
});

/** Answer of `GET /v1/bots/{namespace}/{name}/transitions`: the latest first. */
export const transitionPageSchema = pageSchema(
  z.object({
    at: z.string(),
    kind: z.enum(TRANSITION_KINDS),
    from: z.string().nullable(),
    to: z.string(),
    cause: z.string().nullable(),
  }),
);

/** Answer of `GET /v1/incidents`: the latest first. */
export const incidentPageSchema = pageSchema(
  z.object({
    namespace: z.string(),
    name: z.string(),
    kind: z.enum(INCIDENT_KINDS),
    begin: z.string(),
    end: z.string().nullable().describe('Null while it goes on.'),
    worst: z.string(),
    cause: z.string().nullable(),
    errors: figure,
  }),
);

const totals = z.object({
  calls: z.record(z.enum(CALL_OUTCOMES), count),
  updates: z.record(z.enum(UPDATE_OUTCOMES), count),
  errorPercent: figure,
  p50Ms: figure,
  p95Ms: figure,
});

/** Answer of `GET /v1/usage/summary`. */
export const usageSummarySchema = z.object({
  totals,
  stepHours: z.int(),
  points: z
    .array(z.object({ at: z.string(), calls: count, failed: count, updates: count }))
    .max(1_000)
    .readonly(),
});

/** Answer of `GET /v1/usage/trends`: this period against the one before. */
export const usageTrendsSchema = z.object({
  current: totals,
  previous: totals,
  change: z
    .object({ calls: figure, updates: figure, p95Ms: figure })
    .describe('In percent; null where there was nothing before.'),
});

/** Answer of `GET /v1/usage/errors`: by fingerprint, the most frequent first. */
export const errorPageSchema = pageSchema(
  z.object({
    fingerprint: z.string(),
    sample: z.string(),
    errors: count,
    bots: count,
    first: z.string(),
    last: z.string(),
    slots: z.array(count).readonly().describe('How often, in slots of equal length.'),
  }),
);

/** Answer of `GET /v1/usage/busiest`. */
export const busiestSchema = z.object({
  hours: z
    .array(count)
    .length(24)
    .readonly()
    .describe('Updates by hour of the day, from midnight on.'),
  weekdays: z.array(count).length(7).readonly().describe('Updates by weekday, from Monday on.'),
});

/** Answer of `GET /v1/usage/commands`: the most popular first. */
export const commandPageSchema = pageSchema(
  z.object({ command: z.string(), uses: count, failed: count, bots: count }),
);

/** Answer of `GET /v1/usage/chats`: the most frequent first. */
export const chatKindsSchema = z
  .array(
    z.object({
      chatKind: z.string().describe('Empty for updates that belong to no chat.'),
      updates: count,
      percent: figure.describe('Of all updates.'),
    }),
  )
  .max(100)
  .readonly();

/** Answer of `GET /v1/verifications`: what became of people at membership gates. */
export const verificationsSchema = z.object({
  prompted: count,
  refused: count,
  verified: count,
  left: count,
  successPercent: figure,
});

/** Answer of `GET /v1/audit`: the latest first. */
export const auditPageSchema = pageSchema(
  z.object({
    at: z.string(),
    actor: z.string(),
    action: z.string(),
    namespace: z.string().nullable(),
    object: z.string().nullable(),
    detail: z.unknown(),
  }),
);
