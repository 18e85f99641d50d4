import { keyOf } from '../api/group.ts';
import type { TenantBot } from '../api/tenant-bot.ts';
import { isReady } from './settled.ts';

/** More bots than this are not listed at the start: `tenantbot get` lists them. */
const LISTED_BOTS = 20;

/** Where a standalone has what. */
export interface Places {
  readonly telegram: string;
  readonly manifests: readonly string[];
  readonly data: string;
  /** Nowhere where undefined. */
  readonly history: string | undefined;
  readonly localApi: string;
  readonly page: string;
  readonly webhookPort: number | undefined;
  readonly metrics: string | undefined;
  readonly shards: number;
}

/** What a person is told first, a line each. */
export function places(places: Places): string[] {
  const { webhookPort, metrics, shards } = places;
  return [
    `Telegram     ${places.telegram}`,
    `manifests    ${places.manifests.join(', ')}`,
    `data         ${places.data}`,
    `history      ${places.history ?? 'none is kept'}`,
    `local API    ${places.localApi}`,
    `page         ${places.page} (npx tenantbot open)`,
    ...(webhookPort === undefined ? [] : [`webhooks     port ${webhookPort}`]),
    ...(metrics === undefined ? [] : [`metrics      ${metrics}`]),
    ...(shards > 1 ? [`shards       ${shards} processes a fleet`] : []),
  ];
}

/**
 * What a person is told once the bots have settled, a line each: how they do, those with trouble
 * first, what to try next, and `ready`. `chats` is whether one can talk to bots from here.
 */
export function announcement(
  bots: readonly TenantBot[],
  { data, chats }: { readonly data: string; readonly chats: boolean },
): string[] {
  const ready = bots.filter(isReady);
  const byTrouble = [...bots.filter((bot) => !isReady(bot)), ...ready];
  const where = data === '.tenantbot' ? '' : ` --data ${data}`;
  const everywhere = bots.some(({ metadata }) => metadata.namespace !== 'default') ? ' -A' : '';
  const get = `npx tenantbot get${where}${everywhere}`;
  const unlisted = bots.length - LISTED_BOTS;
  return [
    'bots',
    ...byTrouble.slice(0, LISTED_BOTS).map(howItDoes),
    ...(unlisted > 0 ? [`  … and ${unlisted} more: ${get}`] : []),
    'Try in another terminal:',
    `  ${get}`,
    ...(chats ? talking(ready, where) : []),
    `ready: ${ready.length} of ${bots.length} bots answer; Ctrl-C ends`,
  ];
}

function howItDoes(bot: TenantBot): string {
  const message = bot.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  return `  ${isReady(bot) ? 'ready    ' : 'NOT READY'}  ${keyOf(bot.metadata)}: ${message}`;
}

function talking(ready: readonly TenantBot[], where: string): string[] {
  // One that answers by itself: a forward handler may have nobody behind it.
  const bot = ready.find(({ spec }) => spec.handlers.every(({ forward }) => !forward)) ?? ready[0];
  if (!bot) return [];
  const { name, namespace } = bot.metadata;
  const to = namespace === 'default' ? name : `${name} -n ${namespace}`;
  return [`  npx tenantbot send${where} ${to} /start`, `  npx tenantbot chat${where} ${to}`];
}
