import type { FastifyReply, FastifyRequest } from 'fastify';
import { Secret } from '../../lib/secret.ts';
import { RequestProblem } from '../problem.ts';

/** Browsers keep cookies of 4 KB; names and attributes need some of that. */
const MAX_TOKEN = 3_500;

/**
 * The cookie is the token itself: any replica knows it, it ends when the token ends, and nothing is
 * kept here. No script can read it and no other site can have it sent. Cookies are shared by all
 * ports of a host, hence the port in its name.
 */
function nameFor({ port, protocol }: FastifyRequest): string {
  const prefix = protocol === 'https' ? '__Host-' : '';
  return `${prefix}tenantbot-session-${port ?? (protocol === 'https' ? 443 : 80)}`;
}

function attributes({ protocol }: FastifyRequest) {
  return {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: protocol === 'https',
  } as const;
}

/** The token of whoever is logged in. */
export function cookieToken(request: FastifyRequest): Secret | undefined {
  const value = request.cookies[nameFor(request)];
  return value ? new Secret(value) : undefined;
}

/** Has the browser come with `token` from now on, until it is closed. */
export function setSession(request: FastifyRequest, reply: FastifyReply, token: Secret): void {
  const text = token.reveal();
  if (text.length > MAX_TOKEN) {
    const words = `a browser keeps no token of more than ${MAX_TOKEN} characters; use a shorter one, or another client`;
    throw new RequestProblem(400, 'TOKEN_TOO_LONG', words);
  }
  void reply.setCookie(nameFor(request), text, attributes(request));
}

/** Has the browser forget it. */
export function endSession(request: FastifyRequest, reply: FastifyReply): void {
  void reply.clearCookie(nameFor(request), attributes(request));
}
