import { z } from 'zod';
import { type BotRequests, botRequestsSchema } from '../../api/bot-requests.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Api } from './api.ts';
import { find, OBJECTS_PATH } from './object-routes.ts';

/** What the route works with. */
export interface RequestDeps {
  readonly objects: ObjectStore;
  /** Asks the bot with that uid; see `status.handledRequests` for when it was met. */
  readonly ask: (uid: string, requests: BotRequests) => void;
}

/** Asking something of a bot beyond its spec, as annotations of a TenantBot do. */
export function addRequestRoute(api: Api, { objects, ask }: RequestDeps): void {
  api.post(
    `${OBJECTS_PATH}/namespaces/:namespace/tenantbots/:name/requests`,
    {
      schema: {
        params: z.object({ namespace: z.string(), name: z.string() }),
        body: botRequestsSchema,
      },
    },
    ({ params, body }, reply) => {
      ask(find(objects, 'TenantBot', params).metadata.uid, body);
      return reply.code(202).send({});
    },
  );
}
