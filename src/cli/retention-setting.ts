import { z } from 'zod';
import {
  checkRetention,
  DEFAULT_RETENTION,
  type RetentionDays,
} from '../history/retention/retention-days.ts';
import { errorMessage } from '../lib/errors.ts';

const NAMES = Object.keys(DEFAULT_RETENTION);
const FORM = `must be days by name, such as transitions=90,audit=730; names are ${NAMES.join(', ')}`;

/** `transitions=90,audit=730`; in a config file an object. What is not named is kept as long as ever. */
export const retention = z
  .union([z.string().transform(toObject), z.record(z.string(), z.number())], { error: FORM })
  .transform((changes, context): RetentionDays => {
    const days = { ...DEFAULT_RETENTION, ...changes };
    try {
      checkRetention(days);
      if (Object.keys(days).length === NAMES.length) return days;
      context.addIssue({ code: 'custom', message: FORM });
    } catch (error) {
      context.addIssue({ code: 'custom', message: errorMessage(error) });
    }
    return z.NEVER;
  });

function toObject(text: string): Record<string, number> {
  const pairs = text.split(',').map((pair) => pair.trim().split('='));
  return Object.fromEntries(pairs.map(([name = '', count = '']) => [name, Number(count)]));
}
