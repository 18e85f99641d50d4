import type { z } from 'zod';
import type { ratesSchema, shardsSchema } from '../views/fleet.ts';
import type { unhealthyPageSchema } from '../views/health.ts';
import type {
  auditPageSchema,
  botHistorySchema,
  busiestSchema,
  commandPageSchema,
  errorPageSchema,
  incidentPageSchema,
  transitionPageSchema,
  usageSummarySchema,
  usageTrendsSchema,
  verificationsSchema,
} from '../views/past.ts';

/** What the admin API answers, by the schemas that it answers by. Types alone: none is bundled. */
export type UnhealthyPage = z.output<typeof unhealthyPageSchema>;
export type Rates = z.output<typeof ratesSchema>;
export type Shards = z.output<typeof shardsSchema>;
export type BotHistory = z.output<typeof botHistorySchema>;
export type IncidentPage = z.output<typeof incidentPageSchema>;
export type TransitionPage = z.output<typeof transitionPageSchema>;
export type UsageSummary = z.output<typeof usageSummarySchema>;
export type UsageTrends = z.output<typeof usageTrendsSchema>;
export type ErrorPage = z.output<typeof errorPageSchema>;
export type Busiest = z.output<typeof busiestSchema>;
export type CommandPage = z.output<typeof commandPageSchema>;
export type Verifications = z.output<typeof verificationsSchema>;
export type AuditPage = z.output<typeof auditPageSchema>;
