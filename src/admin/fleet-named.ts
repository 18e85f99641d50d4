import { botFleetSpecSchema } from '../api/bot-fleet.ts';
import type { AdminBackend, FleetObject } from './backend.ts';

/** The fleet that bots call by `name`; undefined where there is none. */
export function fleetNamed(
  { fleets }: Pick<AdminBackend, 'fleets'>,
  name: string,
): FleetObject | undefined {
  for (const fleet of fleets.list()) if (fleet.metadata.name === name) return fleet;
  return undefined;
}

/** How often it is written down how a bot of that fleet does; as ever where that can't be read. */
export function snapshotSecondsOf(fleet: FleetObject | undefined): number {
  const { success, data } = botFleetSpecSchema.safeParse(fleet?.spec ?? {});
  return (success ? data : botFleetSpecSchema.parse({})).history.snapshotSeconds;
}
