import { z } from 'zod';
import { durationMs, durationText } from './duration-text.ts';
import { withRule } from './rules.ts';

/** How the waits between tries grow. */
export const RETRY_STRATEGIES = ['Exponential', 'Linear', 'Fixed', 'Fibonacci'] as const;
export type RetryStrategy = (typeof RETRY_STRATEGIES)[number];

/** What a failure can be of, as far as trying again goes. */
export const RETRY_CATEGORIES = ['network', 'server', 'rateLimit', 'unknown'] as const;
export type RetryCategory = (typeof RETRY_CATEGORIES)[number];

const delay = (what: string, byDefault: string) =>
  durationText({ minMs: 1, maxMs: 3_600_000 }).default(byDefault).meta({ description: what });

const maxRetries = (byDefault: number) =>
  z.int().min(0).max(20).default(byDefault).meta({ description: 'How many more tries there are.' });

const jitter = z.boolean().default(true).meta({
  description: 'Whether each wait is a random part of that time, so that callers spread.',
});

const again = z.boolean().default(false).meta({
  description:
    'Whether a call that changes something is made again although Telegram may have carried it out, at the risk of doing it twice.',
});

const backoffSchema = (description: string) =>
  withRule(
    z
      .strictObject({
        strategy: z.enum(RETRY_STRATEGIES).default('Exponential').meta({
          description: 'How the waits between tries grow.',
        }),
        maxRetries: maxRetries(2),
        initialDelay: delay('The first wait.', '500ms'),
        maxDelay: delay('The longest wait.', '8s'),
        jitter,
        retryUncertain: again,
      })
      .meta({ description }),
    {
      cel: 'duration(self.initialDelay) <= duration(self.maxDelay)',
      message: 'initialDelay must not be above maxDelay',
      holds: ({ initialDelay, maxDelay }) => durationMs(initialDelay) <= durationMs(maxDelay),
    },
  );

const rateLimitSchema = z
  .strictObject({
    maxRetries: maxRetries(3),
    maxRetryAfter: durationText({ minMs: 1_000, maxMs: 3_600_000 }).default('30s').meta({
      description:
        'The longest pause asked for by Telegram that a call waits for; with a longer one it fails at once and says until when.',
    }),
    jitter,
  })
  .meta({ description: 'After Telegram asked to slow down (429). The wait is what it asks for.' });

/** `spec.retry` of a TenantBot: what happens to calls that fail. */
export const retrySchema = z
  .strictObject({
    network: backoffSchema(
      'After no answer: connection failed, broken off, or timed out.',
    ).prefault({}),
    server: backoffSchema('After an error of Telegram itself (5xx).').prefault({}),
    rateLimit: rateLimitSchema.prefault({}),
    unknown: backoffSchema('After an answer that makes no sense.').prefault({}),
  })
  .meta({
    description:
      'Which calls to Telegram are tried again, and when. What Telegram refuses (400, 401, 403, 404) never is.',
  });

export type RetrySettings = z.output<typeof retrySchema>;
