import type { BotObject, FleetObject } from '../../admin/backend.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { readStatus, type StoredBot } from '../bot/stored-bot.ts';
import { readFleetStatus, type StoredFleet } from '../fleet/stored-fleet.ts';

/** A bot as the admin API sees it. */
export function readBot(bot: StoredBot): BotObject {
  return { metadata: metadataOf(bot), spec: bot.spec, status: readStatus(bot) ?? {} };
}

/** A fleet as the admin API sees it. */
export function readFleet(fleet: StoredFleet): FleetObject {
  return { metadata: metadataOf(fleet), spec: fleet.spec, status: readFleetStatus(fleet) ?? {} };
}

function metadataOf({ metadata }: KubeObject): BotObject['metadata'] {
  const { namespace = '', generation = 0 } = metadata;
  return { ...metadata, namespace, generation };
}
