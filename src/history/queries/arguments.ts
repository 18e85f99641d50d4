import { z } from 'zod';
import { metadataSchema } from '../../api/metadata.ts';
import { namespaceName } from './namespaces.ts';

/** A whole number, both ends included; what is said of another one names them. */
export function whole(from: number, to: number) {
  const error = `must be a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

/** Up to a week. */
export const hours = whole(1, 168);

/** Days back from now. */
export const days = whole(1, 366);

/** Free text that is looked for as it is. */
export function searchText(longest: number) {
  const error = `must be text of 1 to ${longest} characters, without NUL`;
  return z
    .string({ error })
    .min(1, { error })
    .max(longest, { error })
    .refine((text) => !text.includes('\0'), { error });
}

/** The name of a bot. */
export const botName = metadataSchema.shape.name;

/** Which bot. */
export const oneBot = { namespace: namespaceName, name: botName };

/** Which bots: all, those of a namespace, or one. */
export const someBots = { namespace: namespaceName.optional(), name: botName.optional() };
export interface SomeBots {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** An object of `fields` among which {@link someBots} are. */
export function aboutBots<Shape extends z.core.$ZodShape>(fields: Shape) {
  return z.strictObject({ ...someBots, ...fields }).refine((args) => isWhole(args as SomeBots), {
    path: ['namespace'],
    error: 'is missing: a name belongs to one',
  });
}

function isWhole({ namespace, name }: SomeBots): boolean {
  return name === undefined || namespace !== undefined;
}

/** An IANA name. Offsets are refused: Postgres would take `+02` for a place west of Greenwich. */
export const timeZone = z
  .string()
  .max(64)
  .refine((name) => /^[A-Za-z][\w/+-]*$/.test(name) && isKnown(name), {
    error: 'must be the name of a time zone, such as Europe/Berlin or UTC',
  })
  .default('UTC');

function isKnown(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A moment in RFC 3339. */
export const moment = z.iso.datetime({
  offset: true,
  error: 'must be a time such as 2026-01-31T12:00:00Z',
});
