import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AdminBackend } from './backend.ts';
import { RequestProblem } from './problem.ts';

/** On a request that one replica makes of another, so that it goes no further. */
export const FORWARDED = 'x-tenantbot-forwarded';

/**
 * What only the leader knows: `own` where that is who answers here, else what the leader answers to
 * the same request. Ends the request with 503 while nobody leads.
 */
export async function byLeader<Schema extends z.ZodType>(
  backend: AdminBackend,
  { method, url, caller, gone, headers }: FastifyRequest,
  schema: Schema,
  own: () => z.output<Schema>,
): Promise<z.output<Schema>> {
  if (!backend.askLeader || backend.leader().isThis) return own();
  if (headers[FORWARDED] !== undefined) {
    throw new RequestProblem(503, 'NOT_LEADER', 'the leader is changing; ask again in a moment');
  }
  return schema.parse(await backend.askLeader(caller, { method, path: url }, gone));
}
