import { z } from 'zod';
import { TELEGRAM_API_ROOT } from './telegram-api.ts';

/** What Telegram allows one source address, as measured (not published). */
const TELEGRAMS = { perMinute: 20, perHour: 600 };

const MAX = 1_000_000;

/** `spec.coldStart` of a BotFleet: how many bots may be started that Telegram has to load first. */
export const coldStartSchema = z
  .strictObject({
    perMinute: z.int().min(1).max(MAX).meta({
      description: 'How many such bots start in any one minute.',
    }),
    perHour: z.int().min(1).max(MAX).meta({
      description: 'How many such bots start in any one hour.',
    }),
  })
  .meta({
    description:
      'How many bots that Telegram has not heard of lately may start: it loads so many for one source address, and puts off all others. Others wait as Pending with reason ColdStart, those first that waited longest, by weight. Unless given, 20 a minute and 600 an hour at Telegram itself, and no limit elsewhere.',
  });

export type ColdStartLimits = z.output<typeof coldStartSchema>;

/** The limits that hold for bots of a fleet that finds Telegram at `apiRoot`; undefined where none do. */
export function coldStartLimits({
  coldStart,
  telegram,
}: {
  readonly coldStart?: ColdStartLimits | undefined;
  readonly telegram: { readonly apiRoot: string };
}): ColdStartLimits | undefined {
  return coldStart ?? (telegram.apiRoot === TELEGRAM_API_ROOT ? TELEGRAMS : undefined);
}
