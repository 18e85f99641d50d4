import type { FastifyRequest } from 'fastify';
import { RequestProblem } from '../problem.ts';

/** Forms and links can't send it; scripts of other sites would have to be allowed to, and are not. */
const HEADER = 'x-tenantbot-request';

/**
 * Browsers send cookies by themselves. A change that comes with one has to come from a page of this
 * very server, port included, or it ends with a problem.
 */
export function requireOwnPage({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  if (headers[HEADER] === '1' && originHost(headers.origin) === headers.host) return;
  const words = `a change with a cookie needs the header "${HEADER}: 1" and an Origin of this server; programs send their token as a bearer`;
  throw new RequestProblem(403, 'FOREIGN_PAGE', words);
}

function originHost(origin: string | undefined): string | undefined {
  return URL.parse(origin ?? '')?.host;
}
