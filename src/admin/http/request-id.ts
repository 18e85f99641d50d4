import type { IncomingMessage } from 'node:http';
import { randomToken } from '../../lib/random.ts';

/** The header that names a request, in what is asked and in what is answered. */
export const REQUEST_ID = 'x-request-id';
const PLAIN = /^[\w.:-]{1,64}$/;

/** The name that a request came with, so that it can be followed from before here; else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID];
  return typeof given === 'string' && PLAIN.test(given) ? given : randomToken(12);
}
