import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Caller } from '../caller.ts';
import { RequestProblem } from '../problem.ts';
import { requireOwnPage } from '../sessions/own-page.ts';
import { cookieToken } from '../sessions/session-cookie.ts';
import { bearerToken } from './bearer.ts';

/** Who asks, by bearer or by cookie. Throws a problem where that is nobody who is known. */
export async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  access: Access,
): Promise<Caller> {
  const bearer = bearerToken(request);
  const token = bearer ?? cookieToken(request);
  const caller = token && (await access.authenticate(token, request.gone));
  if (!caller) {
    void reply.header('www-authenticate', 'Bearer');
    throw token
      ? new RequestProblem(401, 'TOKEN_REFUSED', 'nobody has this token, or no more; get a new one')
      : new RequestProblem(401, 'TOKEN_MISSING', 'send a token as "Authorization: Bearer <token>"');
  }
  if (!bearer) requireOwnPage(request);
  return caller;
}
