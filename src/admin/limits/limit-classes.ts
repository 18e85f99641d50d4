import { inputError } from '../../lib/errors.ts';

/** How often something may be done from one address. */
export interface Limit {
  readonly count: number;
  readonly seconds: number;
}

/** What is counted, each by itself, and how much of it an address may do unless something else is said. */
export const DEFAULT_LIMITS = {
  /** Making bots. */
  creation: { count: 5, seconds: 3_600 },
  /** Changing one bot, or asking something of it. */
  operations: { count: 100, seconds: 60 },
  /** What concerns many bots at once. */
  admin: { count: 30, seconds: 60 },
  login: { count: 10, seconds: 60 },
  reads: { count: 200, seconds: 60 },
  /** Coming with a token that is nobody's. */
  refusals: { count: 5, seconds: 900 },
} as const satisfies Record<string, Limit>;

export type LimitedThing = keyof typeof DEFAULT_LIMITS;
/** What a route may be counted as. */
export type LimitClass = Exclude<LimitedThing, 'refusals'>;
export type LimitTable = Readonly<Record<LimitedThing, Limit>>;

const SECONDS = { s: 1, m: 60, h: 3_600 } as const;
const NAMES = Object.keys(DEFAULT_LIMITS) as LimitedThing[];
const FORM = `limits are written as reads=200/1m,creation=5/1h; there are ${NAMES.join(', ')}`;

/** `reads=200/1m,creation=5/1h`, the rest as ever. Throws an input error where it is not of that form. */
export function parseLimits(text: string): LimitTable {
  return { ...DEFAULT_LIMITS, ...Object.fromEntries(text.split(',').map(parseLimit)) };
}

function parseLimit(text: string): [LimitedThing, Limit] {
  const [, name, count, number, unit] =
    /^\s*([a-z]+)=([1-9]\d{0,6})\/([1-9]\d{0,4})([smh])\s*$/.exec(text) ?? [];
  const thing = NAMES.find((known) => known === name);
  if (!thing) throw inputError('LIMIT_INVALID', `${FORM}; not "${text}"`);
  const seconds = Number(number) * SECONDS[unit as keyof typeof SECONDS];
  return [thing, { count: Number(count), seconds }];
}
