import type { AdminApi, AdminDeps } from '../api.ts';
import type { Right } from '../caller.ts';
import { meSchema, RIGHT_NAMES, type RightName } from '../views/me.ts';

const RIGHTS: Readonly<Record<RightName, Right>> = {
  fleet: { verb: 'list', resource: 'tenantbots' },
  create: { verb: 'create', resource: 'tenantbots' },
  change: { verb: 'patch', resource: 'tenantbots' },
  rates: { verb: 'get', resource: 'botfleets', part: 'rates' },
  placement: { verb: 'get', resource: 'botfleets', part: 'placement' },
  retries: { verb: 'get', resource: 'botfleets', part: 'retries' },
  audit: { verb: 'get', resource: 'botfleets', part: 'audit' },
};

/** Who asks, and what they may do in all namespaces. */
export function addMeRoute(api: AdminApi, { access, backend }: AdminDeps): void {
  api.get(
    '/v1/me',
    { schema: { summary: 'Who you are', tags: ['session'], response: { 200: meSchema } } },
    async ({ caller, gone }) => {
      const held = await Promise.all(
        RIGHT_NAMES.map(
          async (name) => [name, await access.may(caller, RIGHTS[name], gone)] as const,
        ),
      );
      const rights = Object.fromEntries(held) as Record<RightName, boolean>;
      return {
        name: caller.name,
        mode: backend.mode,
        rights,
        chat: backend.chat !== undefined,
        logs: backend.logs !== undefined,
        history: backend.history() !== undefined,
      };
    },
  );
}
