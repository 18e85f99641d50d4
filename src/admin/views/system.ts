import { z } from 'zod';

/** Answer of `GET /v1/leader`. */
export const leaderSchema = z.object({
  holder: z.string().nullable().describe('Who leads; null while nobody is known to.'),
  isThis: z.boolean().describe('Whether it is the one that answers.'),
  term: z.int().nullable(),
  since: z.string().nullable(),
});
export type Leader = z.output<typeof leaderSchema>;

/** Answer of `GET /v1/system`: of the process that answers. */
export const systemSchema = z.object({
  mode: z.enum(['standalone', 'cluster']),
  node: z.string(),
  uptimeSeconds: z.int(),
  rssBytes: z.int(),
  heapUsedBytes: z.int(),
  cpuSeconds: z.number(),
  bots: z.int(),
  fleets: z.int(),
  history: z.boolean(),
});
