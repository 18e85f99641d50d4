import { REQUEST_ANNOTATIONS } from '../api/bot-requests.ts';
import { readAllBots } from '../controller/bot/adopt.ts';
import { readStatus, type StoredBot, TENANT_BOTS } from '../controller/bot/stored-bot.ts';
import { BOT_FLEETS, readFleetStatus, type StoredFleet } from '../controller/fleet/stored-fleet.ts';
import { fleetObjectName } from '../controller/names.ts';
import { HttpKubeClient } from '../kube/http-client.ts';
import { loadClusterAccess } from '../kube/kubeconfig.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import { systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/random.ts';
import type { Access } from './access.ts';
import type { SeenBot } from './bot-access.ts';
import { listObjects, seenObject, watchObjects } from './cluster-objects.ts';
import type { SeenFleet } from './fleet-access.ts';
import type { ObjectSelection, Plural } from './object-access.ts';
import { podLog } from './pod-log.ts';

/** Which cluster, and who asks. */
export interface ClusterChoice {
  readonly kubeconfig: string;
  /** The kubeconfig's own unless given. */
  readonly context: string | undefined;
  readonly userAgent: string;
}

/** Who has written, in `managedFields`. */
const fieldManager = 'kubectl-tenantbot';

/** What a cluster lets do and see: no more than the kubeconfig's user may there. */
export async function clusterAccess(choice: ClusterChoice): Promise<Access> {
  const { client, access } = await connectCluster(choice);
  return {
    namespace: access.namespace ?? 'default',
    async list(namespace) {
      const bots = new Map<string, SeenBot>();
      const onBot = (bot: StoredBot): void => void bots.set(bot.metadata.uid, seen(bot));
      await readAllBots({ client, namespace }, onBot, new AbortController().signal);
      return [...bots.values()];
    },
    get: async (bot) => seen(await client.get(TENANT_BOTS, bot)),
    async ask(bot, request, value) {
      const annotations = { [REQUEST_ANNOTATIONS[request]]: value };
      await client.mergePatch(TENANT_BOTS, bot, { metadata: { annotations } }, { fieldManager });
    },
    async setSuspended(bot, suspended) {
      await client.mergePatch(TENANT_BOTS, bot, { spec: { suspended } }, { fieldManager });
    },
    podLog: (bot, span) => podLog(client, bot, span),
    fleets: async (namespace) =>
      (await client.list(BOT_FLEETS, { namespace })).items.map(seenFleet),
    objects: async (selection) =>
      (await listObjects(client, RESOURCES[selection.plural], options(selection))).items,
    object: async (plural, name) => seenObject(await client.get(RESOURCES[plural], name)),
    watch: (selection) => watchObjects(client, RESOURCES[selection.plural], options(selection)),
    namespaces: async () =>
      (await client.list(NAMESPACES, { metadataOnly: true })).items.map(
        ({ metadata }) => metadata.name,
      ),
    manifestProblems: () => Promise.resolve([]),
    close: () => client.close(),
  };
}

/** A client of the cluster, with the rights of the kubeconfig's user. Must be closed. */
export async function connectCluster({ kubeconfig, context, userAgent }: ClusterChoice) {
  const access = await loadClusterAccess(kubeconfig, context);
  const shared = { clock: systemClock, random: systemRandom, userAgent };
  return { access, client: new HttpKubeClient({ access, ...shared }) };
}

const RESOURCES = { tenantbots: TENANT_BOTS, botfleets: BOT_FLEETS } as const satisfies Record<
  Plural,
  object
>;

function options({ namespace, labels, fields }: ObjectSelection) {
  return {
    namespace,
    ...(labels !== undefined && { labelSelector: labels }),
    ...(fields !== undefined && { fieldSelector: fields }),
  };
}

function seen(bot: StoredBot): SeenBot {
  const { namespace = '', name } = bot.metadata;
  return { namespace, name, status: readStatus(bot) ?? {} };
}

function seenFleet(fleet: StoredFleet): SeenFleet {
  const { namespace = '', name } = fleet.metadata;
  const podOf = (shard: number) => `${fleetObjectName(name)}-${shard}`;
  return { namespace, name, status: readFleetStatus(fleet) ?? {}, podOf };
}
