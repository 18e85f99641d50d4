import type { StoredObject } from '../standalone/object-store.ts';
import type { BotAccess, SeenBot } from './bot-access.ts';
import type { FleetAccess, SeenFleet } from './fleet-access.ts';
import type { LocalClient } from './local-client.ts';

const plural = 'tenantbots';

/** The bots and fleets of the standalone that runs on this machine. */
export function localBotAccess(client: LocalClient): BotAccess & FleetAccess {
  return {
    namespace: 'default',
    list: async (namespace) => (await client.list({ plural, namespace })).flatMap(seen),
    async get(bot) {
      const [found] = seen(await client.get({ plural }, bot));
      return found ?? { ...bot, status: {} };
    },
    ask: (bot, request, value) => client.request(bot, { [request]: value }),
    fleets: async (namespace) =>
      (await client.list({ plural: 'botfleets', namespace })).flatMap(seenFleet),
    close: () => Promise.resolve(),
  };
}

function seen(object: StoredObject): SeenBot[] {
  if (object.kind !== 'TenantBot') return [];
  const { namespace, name } = object.metadata;
  return [{ namespace, name, status: object.status ?? {} }];
}

function seenFleet(object: StoredObject): SeenFleet[] {
  if (object.kind !== 'BotFleet') return [];
  const { namespace, name } = object.metadata;
  return [{ namespace, name, status: object.status ?? {}, podOf: () => undefined }];
}
