import type { AdminApi, AdminDeps } from '../api.ts';
import { demand } from '../find-bot.ts';
import { leaderSchema, systemSchema } from '../views/system.ts';

/** Who answers and what that takes, and who leads. */
export function addSystemRoutes(api: AdminApi, deps: AdminDeps): void {
  const { backend } = deps;
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
  api.get(
    '/v1/system',
    {
      schema: {
        tags: ['system'],
        summary: 'What the process that answers takes',
        response: { 200: systemSchema },
      },
    },
    async (request) => {
      await demand(deps, request, { verb: 'get', resource: 'botfleets', part: 'placement' });
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return {
        mode: backend.mode,
        node: process.version,
        uptimeSeconds: Math.round(process.uptime()),
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        cpuSeconds: Math.round((user + system) / 1e6),
        bots: [...backend.bots.list()].length,
        fleets: [...backend.fleets.list()].length,
        history: backend.history() !== undefined,
      };
    },
  );
}
