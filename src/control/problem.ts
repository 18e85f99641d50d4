import type { Problem } from './messages.ts';

/** The media type of {@link Problem} bodies (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** What a problem may say beyond words. */
type Details = Pick<Problem, 'holder' | 'spoken'>;

/** Ends a request with a problem. Its words are for the caller: they hold no secrets. */
export class ControlProblem extends Error {
  override readonly name = 'ControlProblem';
  readonly body: Problem;
  /** What the status is to come with. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ControlCode, detail: string, details: Details = {}) {
    super(detail);
    this.headers = HEADERS[status] ?? {};
    this.body = { type: 'about:blank', title: code, status, detail, code, ...details };
  }
}

/** Stable names of what a leader refuses. */
export const CONTROL_CODES = [
  'NOT_LEADER',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'TOKEN_MISSING',
  'TOKEN_REFUSED',
  'TOKEN_UNCHECKED',
  'BODY_TOO_LARGE',
  'BODY_NOT_JSON',
  'BODY_INVALID',
  'PROTOCOL_NOT_SPOKEN',
  'SUPERSEDED',
  'STALE',
  'HISTORY_AWAY',
  'HISTORY_OFF',
  'INTERNAL',
] as const;
export type ControlCode = (typeof CONTROL_CODES)[number];

const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  405: { allow: 'POST' },
  503: { 'retry-after': '1' },
};
