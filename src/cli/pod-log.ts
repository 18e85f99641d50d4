import { readStatus, TENANT_BOTS } from '../controller/bot/stored-bot.ts';
import { BOT_FLEETS } from '../controller/fleet/stored-fleet.ts';
import { fleetObjectName } from '../controller/names.ts';
import type { HttpKubeClient } from '../kube/http-client.ts';
import { objectPath, queryString } from '../kube/paths.ts';
import { PODS } from '../kube/well-known.ts';
import { inputError } from '../lib/errors.ts';
import type { BotName } from './bot-access.ts';
import type { LogSpan } from './commands/logs.ts';

/** The log of the pod that hosts `bot`, as it comes. Rejects in words where nobody hosts it. */
export async function podLog(
  client: HttpKubeClient,
  bot: BotName,
  { follow, sinceSeconds }: LogSpan,
): Promise<AsyncIterable<Uint8Array>> {
  const { placement } = readStatus(await client.get(TENANT_BOTS, bot)) ?? {};
  if (!placement) {
    const words = `${bot.namespace}/${bot.name} has no place, so no pod tells of it; \`tenantbot describe\` says why`;
    throw inputError('NOT_PLACED', words);
  }
  const { items } = await client.list(BOT_FLEETS);
  const fleet = items.find(({ metadata }) => metadata.name === placement.fleet);
  const name = `${fleetObjectName(placement.fleet)}-${placement.shard}`;
  const path = objectPath(PODS, { namespace: fleet?.metadata.namespace ?? '', name }, 'log');
  return client.stream(path + queryString({ follow, sinceSeconds, container: 'runtime' }));
}
