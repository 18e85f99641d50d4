import { z } from 'zod';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { Right } from '../caller.ts';

/** What a page shows or hides by, whatever the namespace. Single bots have rights of their own. */
const RIGHTS = {
  fleet: { verb: 'list', resource: 'tenantbots' },
  create: { verb: 'create', resource: 'tenantbots' },
  change: { verb: 'patch', resource: 'tenantbots' },
  rates: { verb: 'get', resource: 'botfleets', part: 'rates' },
  placement: { verb: 'get', resource: 'botfleets', part: 'placement' },
  retries: { verb: 'get', resource: 'botfleets', part: 'retries' },
  audit: { verb: 'get', resource: 'botfleets', part: 'audit' },
} as const satisfies Record<string, Right>;

type RightName = keyof typeof RIGHTS;
const RIGHT_NAMES = Object.keys(RIGHTS) as RightName[];

const meSchema = z.object({
  name: z.string(),
  mode: z.enum(['standalone', 'cluster']),
  /** Whether one can talk to bots from here. */
  chat: z.boolean(),
  rights: z.record(z.enum(RIGHT_NAMES), z.boolean()),
});

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
      return { name: caller.name, mode: backend.mode, chat: backend.chat !== undefined, rights };
    },
  );
}
