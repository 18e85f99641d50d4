import { TENANT_BOTS } from '../../../controller/bot/stored-bot.ts';
import { listObjects } from '../../cluster-objects.ts';
import { botFindings, callFindings } from '../conditions.ts';
import type { Said } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

/** Which bots need a person, and whether they reach Telegram. */
export async function checkBots({ client }: ClusterWorld): Promise<readonly Said[]> {
  const { items } = await listObjects(client, TENANT_BOTS, {});
  return [...botFindings(items), ...callFindings(items)];
}
