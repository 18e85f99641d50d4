import type { Condition } from '../../api/conditions.ts';
import { wantsPlace } from '../../api/fleet-status.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { StoredBot } from '../bot/stored-bot.ts';

/** The bots of a fleet, counted. */
export interface Census {
  /** Those that name the fleet. */
  readonly bots: number;
  /** Those of them that have a place or want one. */
  readonly wanting: number;
  readonly ready: number;
  /** By ordinal: how many have their place there, as the API server knows. */
  readonly taken: ReadonlyMap<number, number>;
}

/** What of a bot is counted. The API server has checked its shape; it need not be there. */
interface CountedBot {
  readonly metadata: StoredBot['metadata'];
  readonly spec?: { readonly suspended?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: Condition[];
    readonly placement?: Placement;
  };
}

/** Counts the bots of a fleet. Reads no more of each than it needs: there may be 10,000. */
export function takeCensus(fleet: string, bots: readonly StoredBot[]): Census {
  const taken = new Map<number, number>();
  let wanting = 0;
  let ready = 0;
  for (const bot of bots) {
    const { metadata, spec, status } = bot as CountedBot;
    if (wantsPlace({ metadata, spec: { suspended: spec?.suspended ?? false }, status })) wanting++;
    if (status?.conditions?.some(isReady)) ready++;
    const shard = shardIn(fleet, status?.placement);
    if (shard !== undefined) taken.set(shard, (taken.get(shard) ?? 0) + 1);
  }
  return { bots: bots.length, wanting, ready, taken };
}

/** A place without a bot's id is only remembered. */
function shardIn(fleet: string, place: Placement | undefined): number | undefined {
  return place?.fleet === fleet && place.botId !== undefined ? place.shard : undefined;
}

function isReady({ type, status }: Condition): boolean {
  return type === 'Ready' && status === 'True';
}
