import { z } from 'zod';
import type { AdminApi, AdminDeps } from '../api.ts';
import { BulkJobs } from '../bulk-jobs.ts';
import { RequestProblem } from '../problem.ts';
import { acceptedJobSchema, jobSchema } from '../views/action.ts';
import { botsIn, namespacesFor } from '../visible.ts';
import { inNamespace } from './schemas.ts';

const ROUTES = [
  {
    path: '/v1/breakers/reset',
    request: 'resetBreaker',
    part: 'breaker',
    tag: 'breakers',
    summary: 'Closes the breakers of all bots, or of those of a namespace',
  },
  {
    path: '/v1/tokens/check-all',
    request: 'checkToken',
    part: 'token',
    tag: 'tokens',
    summary: 'Asks Telegram about the tokens of all bots, or of those of a namespace',
  },
] as const;

/** What can be asked of many bots at once: a job that tells how far it is. */
export function addJobRoutes(api: AdminApi, deps: AdminDeps): void {
  const closing = new AbortController();
  api.addHook('onClose', (_api, done) => {
    closing.abort();
    done();
  });
  const jobs = new BulkJobs(deps, closing.signal);
  for (const { path, request: asked, part, tag, summary } of ROUTES) {
    api.post(
      path,
      {
        config: { limit: 'admin' },
        schema: {
          tags: [tag],
          summary,
          querystring: z.object(inNamespace),
          response: { 202: acceptedJobSchema },
        },
      },
      async (request, reply) => {
        const scope = { namespace: request.query.namespace, part, verb: 'update' } as const;
        const bots = botsIn(deps, await namespacesFor(deps, request, scope));
        return reply.code(202).send({ id: jobs.start(request.caller, asked, bots) });
      },
    );
  }
  api.get(
    '/v1/jobs/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'How far a job is; for who began it',
        params: z.object({ id: z.string().max(64) }),
        response: { 200: jobSchema },
      },
    },
    (request) => {
      const job = jobs.find(request.caller, request.params.id);
      if (job) return job;
      const words = 'there is no such job of yours, or it began too long ago';
      throw new RequestProblem(404, 'JOB_NOT_FOUND', words);
    },
  );
}
