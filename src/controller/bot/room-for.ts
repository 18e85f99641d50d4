import type { FleetRoom } from '../../planner/place.ts';
import type { FleetDirectory } from './fleet-directory.ts';
import type { GatheredBot } from './gather.ts';
import type { Roster } from './roster.ts';
import type { ShardStates } from './shard-states.ts';

/** What is known of the shards of all fleets. */
export interface Fleets {
  readonly roster: Roster;
  readonly fleets: FleetDirectory;
  readonly states: ShardStates;
}

/** The room that the bot's fleet has for it; undefined where there is no such fleet. */
export function roomFor(
  { fleet, fleetName, uid }: GatheredBot,
  { roster, fleets, states }: Fleets,
): FleetRoom | undefined {
  if (fleet.kind !== 'found') return undefined;
  const use = roster.use(fleetName, uid);
  let staying = 1;
  for (const shard of use.values()) staying += shard.staying;
  const named = fleets.size(fleetName) - roster.resting(fleetName);
  return {
    sharding: fleet.spec.sharding,
    bots: Math.max(named, staying),
    shards: fleet.shards,
    use,
    lost: states.lost(fleetName),
  };
}
