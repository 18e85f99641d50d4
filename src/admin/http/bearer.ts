import type { FastifyRequest } from 'fastify';
import { Secret } from '../../lib/secret.ts';

/** The token of the Authorization header; undefined where it holds none. */
export function bearerToken({ headers }: FastifyRequest): Secret | undefined {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  return token === undefined ? undefined : new Secret(token);
}
