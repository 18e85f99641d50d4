import { z } from 'zod';
import { withRule } from './rules.ts';

/** `spec.limits` of a TenantBot: how much one bot may ask of Telegram. */
export const limitsSchema = withRule(
  z
    .strictObject({
      requestsPerSecond: z.int().min(1).max(1_000).default(30).meta({
        description: 'How many calls the bot makes at most in any one second, polls excepted.',
      }),
      burst: z.int().min(1).max(1_000).default(30).meta({
        description:
          'How many of them may go out at the same moment; the others follow evenly spread.',
      }),
      maxConcurrent: z.int().min(1).max(1_000).default(10).meta({
        description: 'How many calls may be under way at the same time, polls excepted.',
      }),
      weight: z.int().min(1).max(100).default(1).meta({
        description:
          'How much the bot counts beside others when bots are spread over shards: one of weight 5 counts as much as five of weight 1. Change it for bots with far more traffic than most.',
      }),
    })
    .meta({
      description: "Limits of the bot's own calls to Telegram. Those of Telegram hold too.",
    }),
  {
    cel: 'self.burst <= self.requestsPerSecond',
    message: 'burst must not be above requestsPerSecond',
    holds: ({ burst, requestsPerSecond }) => burst <= requestsPerSecond,
  },
);

export type Limits = z.output<typeof limitsSchema>;
