import { z } from 'zod';
import { RETRY_CATEGORIES } from './retry.ts';

/**
 * What became of calls that failed and might be tried again: `retried` counts each further try, the
 * others how it ended.
 */
export const RETRY_OUTCOMES = [
  'retried',
  'recovered',
  'exhausted',
  'pauseTooLong',
  'pastDeadline',
  'overBudget',
  'uncertain',
] as const;
export type RetryOutcome = (typeof RETRY_OUTCOMES)[number];

export const retryCountSchema = z.object({
  method: z.string().max(64).meta({ description: 'Of the Bot API; "other" for those beyond 100.' }),
  category: z.enum(RETRY_CATEGORIES),
  outcome: z.enum(RETRY_OUTCOMES),
  count: z.int().min(0),
});
/** One line of the statistics. */
export type RetryCount = Readonly<z.output<typeof retryCountSchema>>;

export const retrySnapshotSchema = z.object({
  since: z.string().meta({ description: 'RFC 3339.' }),
  retries: z.array(retryCountSchema).readonly(),
});
/** What was counted since then, each line once. */
export type RetrySnapshot = Readonly<z.output<typeof retrySnapshotSchema>>;

/** Where retries are counted. */
export interface RetryBook {
  /** What was counted since the start or the last {@link reset}, by method. */
  snapshot(): RetrySnapshot;
  /** Begins anew. */
  reset(): void;
}

/** What tells a line apart from others. */
export function retryKey({ method, category, outcome }: Omit<RetryCount, 'count'>): string {
  return `${method} ${category} ${outcome}`;
}
