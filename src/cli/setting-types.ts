import { z } from 'zod';
import { LOG_LEVELS } from '../api/tenant-bot.ts';
import { Secret } from '../lib/secret.ts';
import { LOG_FORMATS } from '../telemetry/log.ts';

// What settings of several commands are made of. Texts stand for numbers, switches and lists too,
// since flags and the environment know nothing else.

/** Any text but the empty one. */
export const text = z.string().min(1, { error: 'must not be empty' });

/** Several names; in flags and the environment separated by commas. */
export const list = z.union(
  [z.array(text).min(1), text.transform((names) => names.split(',').map((name) => name.trim()))],
  { error: 'must be names (a list; in the environment, separated by commas)' },
);

/** Address of a database, which may hold a password. */
export const databaseUrl = text.transform((url) => new Secret(url)).optional();

/** A port of this machine; 0 takes a free one. */
export const port = wholeNumber(0, 65_535);

/** A number above 0. */
export const positive = number('must be a number above 0', (value) => value > 0);

/** On or off. */
export const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')],
  { error: 'must be true or false' },
);

/** Series of single bots: a handful each. */
export const botMetrics = wholeNumber(0, 10_000)
  .default(100)
  .describe(
    'of how many single bots each runtime shows metrics at most: those in trouble, then the busiest; 0 shows none',
  );

/** Where traces go. */
export const otlpEndpoint = z
  .string()
  .regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, {
    error: 'must be an http:// or https:// address without user, query or fragment',
  })
  .transform((url) => url.replace(/\/$/, ''))
  .optional()
  .describe(
    'collector that takes traces by OTLP over HTTP, such as http://localhost:4318; none are made unless given',
  );

/** Which of them. */
export const traceRatio = number('must be a number from 0 to 1', (value) => value <= 1)
  .default(0.1)
  .describe('which part of the traces is made, from 0 to 1');

/** How much is logged, and in which form. */
export const logLevel = z
  .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
  .default('info')
  .describe(LOG_LEVELS.join(', '));

/** The form of log lines; for people or for programs unless it is said. */
export function logFormat(byDefault: (typeof LOG_FORMATS)[number]) {
  return z
    .enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(', ')}` })
    .default(byDefault)
    .describe('text for people, json for programs');
}

/** A whole number, both ends included. */
export function wholeNumber(from: number, to: number) {
  return number(
    `must be a whole number from ${from} to ${to}`,
    (value) => Number.isInteger(value) && value >= from && value <= to,
  );
}

function number(words: string, holds: (value: number) => boolean) {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d+(\.\d+)?$/)
          .transform(Number),
      ],
      { error: words },
    )
    .refine(holds, { error: words });
}
