import { TENANT_BOTS } from '../../../controller/bot/stored-bot.ts';
import {
  BOT_FLEETS,
  readFleetSpec,
  type StoredFleet,
} from '../../../controller/fleet/stored-fleet.ts';
import { webhookServiceName } from '../../../controller/names.ts';
import { isStatus } from '../../../kube/api-error.ts';
import type { KubeObject, Resource } from '../../../kube/resource.ts';
import { SERVICES } from '../../../kube/well-known.ts';
import { listObjects } from '../../cluster-objects.ts';
import type { SeenObject } from '../../object-access.ts';
import { conditionOf } from '../conditions.ts';
import { ok, orOk, type Said, warning, wrong } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};

/** Whether updates can come in at the addresses that fleets have for webhooks. */
export async function checkWebhooks(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace } = world;
  const { items } = await client.list(BOT_FLEETS, { namespace });
  const fleets = items.flatMap((fleet) => {
    const url = publicUrlOf(fleet);
    return url === undefined ? [] : [{ name: fleet.metadata.name, url }];
  });
  if (fleets.length === 0) return [ok('No fleet takes webhooks.')];
  const { items: bots } = await listObjects(client, TENANT_BOTS, {});
  const said = await Promise.all(
    fleets.map(async (fleet) => [
      ...(await serviceFindings(world, fleet.name)),
      ...refusals(fleet, bots),
    ]),
  );
  return orOk(said.flat(), `Webhooks work: ${fleets.map(({ url }) => url).join(', ')}.`);
}

function publicUrlOf(fleet: StoredFleet): string | undefined {
  const reading = readFleetSpec(fleet);
  return reading.kind === 'ok' ? reading.spec.webhook?.publicUrl : undefined;
}

async function serviceFindings(world: ClusterWorld, fleet: string): Promise<readonly Said[]> {
  const { client, namespace } = world;
  const name = webhookServiceName(fleet);
  const words = `Service ${namespace}/${name}`;
  try {
    await client.get(SERVICES, { namespace, name });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    return [
      wrong(`There is no ${words}.`, 'The operator makes it: see that it leads, and its logs.'),
    ];
  }
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const slices = await client.list(ENDPOINT_SLICES, { namespace, labelSelector });
  const isServed = slices.items.some(({ endpoints = [] }) =>
    endpoints.some(({ conditions }) => conditions?.ready !== false),
  );
  const remedy = 'See that shards of the fleet are up.';
  return isServed ? [] : [wrong(`${words} leads to no shard that is ready.`, remedy)];
}

function refusals(
  fleet: { name: string; url: string },
  bots: readonly SeenObject[],
): readonly Said[] {
  const own = bots.filter(({ spec }) => {
    const { fleet: named = 'default' } = (spec ?? {}) as { readonly fleet?: string };
    return named === fleet.name;
  });
  const failing = own.filter((bot) => conditionOf(bot, 'WebhookReady')?.status === 'False');
  const [first] = failing;
  if (!first) return [];
  const { message = '' } = conditionOf(first, 'WebhookReady') ?? {};
  return [
    warning(
      `${failing.length} bots of fleet ${fleet.name} poll, since webhooks at ${fleet.url} don't work: ${message}`,
      `See that ${fleet.url} is reached from the internet, under a certificate that Telegram takes, and leads to Service ${webhookServiceName(fleet.name)}.`,
    ),
  ];
}
