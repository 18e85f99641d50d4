import { z } from 'zod';

/** What of a bot changes, as the stream of events tells it. */
export const EVENT_KINDS = [
  'added',
  'deleted',
  'spec',
  'phase',
  'ready',
  'health',
  'breaker',
  'token',
  'placement',
] as const;

/** One event of `GET /v1/events`: `data` of the server-sent event whose `id` is its number. */
export const eventSchema = z.object({
  at: z.string(),
  namespace: z.string(),
  name: z.string(),
  kind: z.enum(EVENT_KINDS),
  from: z.string().nullable(),
  to: z.string().nullable(),
  message: z.string().describe('Why, as far as that is told.'),
});
export type BotEvent = z.output<typeof eventSchema>;
