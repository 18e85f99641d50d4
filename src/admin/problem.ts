import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

/** The media type of {@link Problem} bodies (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem as it goes over the wire. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  /** What is wrong and what to do, for people. */
  detail: z.string(),
  /** Stable, for programs. */
  code: z.string(),
});
export type Problem = z.output<typeof problemSchema>;

/** Ends a request with a problem. */
export class RequestProblem extends Error {
  readonly problem: Problem;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.problem = makeProblem(status, code, detail);
  }
}

/** A problem of this HTTP status. */
export function makeProblem(status: number, code: string, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
}
