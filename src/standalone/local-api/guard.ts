import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../../admin/http/bearer.ts';
import { RequestProblem } from '../../admin/problem.ts';
import type { Secret } from '../../lib/secret.ts';

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Lets in who knows the token, and only under a name of this machine: a web page that has its own
 * name point at 127.0.0.1 is turned away before anything else.
 */
export function guard(request: FastifyRequest, token: Secret): void {
  if (!LOCAL_HOST.test(request.headers.host ?? '')) {
    throw new RequestProblem(403, 'HOST_REFUSED', 'this address answers under 127.0.0.1 only');
  }
  if (!bearerToken(request)?.equals(token)) {
    throw new RequestProblem(
      401,
      'TOKEN_REFUSED',
      'send the token from standalone.json in the data folder as "Authorization: Bearer <token>"',
    );
  }
}
