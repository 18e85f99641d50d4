import { z } from 'zod';
import { BOT_REQUESTS } from '../../api/bot-requests.ts';
import { TOKEN_STATES } from '../../api/token.ts';

/** Answer of what is asked of a bot beyond its spec. */
export const askedSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  request: z.enum(BOT_REQUESTS),
  value: z.string().describe('What `status.handledRequests` of the bot shows once that was done.'),
});
export type Asked = z.output<typeof askedSchema>;

/** Answer of what is asked of many bots at once. */
export const acceptedJobSchema = z.object({ id: z.string() });

/** Answer of `GET /v1/jobs/{id}`. */
export const jobSchema = z.object({
  id: z.string(),
  request: z.enum(BOT_REQUESTS),
  state: z.enum(['Running', 'Done']),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  total: z.int(),
  done: z.int().describe('Bots that have done it.'),
  failed: z.int().describe('Bots that could not be asked, have gone, or did not do it in time.'),
  tokens: z
    .partialRecord(z.enum(TOKEN_STATES), z.int())
    .optional()
    .describe('What was found, where tokens were checked.'),
});
export type JobView = z.output<typeof jobSchema>;
