import type { Placement } from '../../api/tenant-bot-status.ts';

/** What is further ahead was written by nobody who ever led: it is made up, and undone. */
const FURTHEST_AHEAD = 5;

/**
 * `stored`, where a leader before must have written it after this one had read: it was stopped in
 * the middle. Nobody was handed out under it, but whoever leads next begins with it. So it is left
 * as it is until it can be outbid: a write of a lower epoch could come as late as this one did.
 */
export function latePlacement(
  stored: Placement | undefined,
  decided: Placement | undefined,
): Placement | undefined {
  if (!stored) return undefined;
  const ahead = stored.epoch - (decided?.epoch ?? 0);
  if (ahead < 0 || ahead > FURTHEST_AHEAD) return undefined;
  // This leader itself gives each epoch to one shard.
  const isOwn = stored.fleet === decided?.fleet && stored.shard === decided.shard;
  return ahead > 0 || !isOwn ? stored : undefined;
}
