import type { Condition } from '../../api/conditions.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import type { StoredBot } from '../bot/stored-bot.ts';
import type { CanaryHealth } from './rollout.ts';

/** One bot more may always fail by itself, and so may a tenth of them. */
const TOLERATED_BOTS = 1;
const TOLERATED_SHARE = 0.1;

/** What of a bot is looked at. The API server has checked its shape; it need not be there. */
interface JudgedBot {
  readonly status?: { readonly conditions?: Condition[]; readonly placement?: Placement };
}

/**
 * Whether the bots on shard `canary` do worse since `sinceMs` than those on the fleet's other
 * shards: a pure function. Counted are those that were Ready then and are not now. What meets all
 * shards alike, such as trouble at Telegram, is not the canary's.
 */
export function judgeBots(
  fleet: string,
  bots: readonly StoredBot[],
  { canary, sinceMs }: { readonly canary: number; readonly sinceMs: number },
): CanaryHealth {
  const here = { bots: 0, worse: 0 };
  const elsewhere = { bots: 0, worse: 0 };
  for (const { status } of bots as readonly JudgedBot[]) {
    if (status?.placement?.fleet !== fleet) continue;
    const group = status.placement.shard === canary ? here : elsewhere;
    group.bots++;
    if (status.conditions?.some((condition) => isWorse(condition, sinceMs))) group.worse++;
  }
  const usual = elsewhere.bots === 0 ? 0 : (here.bots * elsewhere.worse) / elsewhere.bots;
  const tolerated = Math.max(TOLERATED_BOTS, here.bots * TOLERATED_SHARE);
  if (here.worse - usual <= tolerated) return { kind: 'well' };
  return {
    kind: 'unwell',
    message: 'bots on it are no longer Ready that were, and more than on the other shards.',
  };
}

/** Times of conditions are whole seconds. */
function isWorse({ type, status, lastTransitionTime }: Condition, sinceMs: number): boolean {
  const at = fromTimestamp(lastTransitionTime);
  return type === 'Ready' && status !== 'True' && at >= Math.floor(sinceMs / 1_000) * 1_000;
}
