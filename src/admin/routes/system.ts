import type { AdminApi, AdminDeps } from '../api.ts';
import { leaderSchema } from '../views/system.ts';

/** Who answers, and who leads. */
export function addSystemRoutes(api: AdminApi, { backend }: AdminDeps): void {
  api.get(
    '/v1/leader',
    {
      schema: {
        tags: ['system'],
        summary: 'Who leads',
        response: { 200: leaderSchema },
      },
    },
    () => backend.leader(),
  );
}
