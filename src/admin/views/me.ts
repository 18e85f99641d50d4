import { z } from 'zod';

/** What a page shows or hides by, whatever the namespace. Single bots have rights of their own. */
export const RIGHT_NAMES = [
  'fleet',
  'create',
  'change',
  'rates',
  'placement',
  'retries',
  'audit',
] as const;
export type RightName = (typeof RIGHT_NAMES)[number];

/** Answer of `GET /v1/me`. */
export const meSchema = z.object({
  name: z.string(),
  mode: z.enum(['standalone', 'cluster']),
  rights: z.record(z.enum(RIGHT_NAMES), z.boolean()),
  chat: z.boolean().describe('Whether bots can be talked to here.'),
  logs: z.boolean().describe("Whether bots' logs can be read here."),
  history: z.boolean().describe('Whether what was can be asked now.'),
});
export type Me = z.output<typeof meSchema>;
