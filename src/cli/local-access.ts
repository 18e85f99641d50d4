import { selects } from '../api/label-selector.ts';
import { inputError } from '../lib/errors.ts';
import { problemLine } from '../standalone/manifests/place.ts';
import type { StoredObject } from '../standalone/object-store.ts';
import type { Access } from './access.ts';
import { adminPath } from './admin-client.ts';
import type { SeenBot } from './bot-access.ts';
import { fieldSelector } from './field-selector.ts';
import type { SeenFleet } from './fleet-access.ts';
import { parseLabelSelector } from './label-selector-text.ts';
import type { LocalClient } from './local-client.ts';
import type { ObjectSelection } from './object-access.ts';

const plural = 'tenantbots';

/** What the standalone that runs on this machine lets do and see. */
export function localAccess(client: LocalClient): Access {
  return {
    namespace: 'default',
    list: async (namespace) => (await client.list({ plural, namespace })).flatMap(seen),
    async get(bot) {
      const [found] = seen(await client.get({ plural }, bot));
      return found ?? { ...bot, status: {} };
    },
    ask: (bot, request, value) => client.request(bot, { [request]: value }),
    async setSuspended({ namespace, name }, suspended) {
      const word = suspended ? 'suspend' : 'resume';
      await client.admin.post(adminPath(`/v1/bots/{}/{}/${word}`, namespace, name));
    },
    podLog: () => {
      const words = 'a standalone has no pods: the lines of its bots are in its own output';
      return Promise.reject(inputError('CLUSTER_ONLY', words));
    },
    fleets: async (namespace) =>
      (await client.list({ plural: 'botfleets', namespace })).flatMap(seenFleet),
    async objects(selection) {
      const isWanted = wanted(selection);
      return (await client.list(selection)).filter(isWanted);
    },
    object: (plural, name) => client.get({ plural }, name),
    async *watch(selection) {
      const isWanted = wanted(selection);
      for await (const change of client.watch(selection)) if (isWanted(change.object)) yield change;
    },
    async namespaces() {
      const bots = await client.list({ plural, namespace: undefined });
      return [...new Set(bots.map(({ metadata }) => metadata.namespace))];
    },
    manifestProblems: async () => (await client.problems()).map(problemLine),
    close: () => Promise.resolve(),
  };
}

function wanted({ plural, labels, fields }: ObjectSelection): (object: StoredObject) => boolean {
  const selector = labels === undefined ? undefined : parseLabelSelector(labels);
  const hasFields = fields === undefined ? () => true : fieldSelector(fields, plural);
  return (object) =>
    (!selector || selects(selector, object.metadata.labels ?? {})) && hasFields(object);
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
