import { retrySnapshotSchema } from '../../api/retry-counts.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { AdminBackend } from '../backend.ts';
import { byLeader } from '../by-leader.ts';
import { demand } from '../find-bot.ts';
import { RequestProblem } from '../problem.ts';

const tags = ['retries'];

/** How calls to Telegram that failed were tried again. */
export function addRetryRoutes(api: AdminApi, deps: AdminDeps): void {
  const { backend } = deps;
  const right = { resource: 'botfleets', part: 'retries' } as const;
  api.get(
    '/v1/retries',
    {
      schema: {
        tags,
        summary: 'How calls that failed were tried again, by method, category and outcome',
        response: { 200: retrySnapshotSchema },
      },
    },
    async (request) => {
      await demand(deps, request, { ...right, verb: 'get' });
      return byLeader(backend, request, retrySnapshotSchema, () => bookOf(backend).snapshot());
    },
  );
  api.post(
    '/v1/retries/reset',
    {
      config: { limit: 'operations' },
      schema: {
        tags,
        summary: 'Begins to count anew; answers with what was counted',
        response: { 200: retrySnapshotSchema },
      },
    },
    async (request) => {
      await demand(deps, request, { ...right, verb: 'update' });
      return byLeader(backend, request, retrySnapshotSchema, () => {
        const book = bookOf(backend);
        const counted = book.snapshot();
        book.reset();
        backend.audit({ actor: request.caller.name, action: 'reset-retries' });
        return counted;
      });
    },
  );
}

function bookOf({ retries }: AdminBackend) {
  if (retries) return retries;
  const words = 'retries are counted elsewhere: the metric tenantbot_retries_total has them';
  throw new RequestProblem(409, 'RETRIES_ELSEWHERE', words);
}
