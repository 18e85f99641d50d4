import { inputError } from '../lib/errors.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;
const MAX_MS = 10 * UNIT_MS.m;

const MAX_COUNT = 1_000;

/** A whole number from 1 to 1,000. `what` names the value in what is said of a bad one. */
export function parseCount(text: string, what: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_COUNT) return count;
  throw inputError(
    'COUNT_INVALID',
    `${what} must be a whole number from 1 to ${MAX_COUNT}; it is "${text}"`,
  );
}

/** Milliseconds of `500ms`, `5s`, `1m`. `what` names the value in what is said of a bad one. */
export function parseDuration(text: string, what: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * UNIT_MS[(unit ?? 'ms') as keyof typeof UNIT_MS]);
  if (ms >= 0 && ms <= MAX_MS) return ms;
  throw inputError(
    'DURATION_INVALID',
    `${what} must be a time such as 500ms, 5s or 1m, at most 10m; it is "${text}"`,
  );
}
