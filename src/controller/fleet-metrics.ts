import { Gauge, type Registry } from 'prom-client';
import type { BotFleetStatus } from '../api/bot-fleet.ts';
import type { Lister } from '../kube/lister.ts';
import { readFleetStatus, type StoredFleet } from './fleet/stored-fleet.ts';

const GAUGES = {
  shards: 'Shards that a fleet is to have',
  readyShards: 'Shards that are at work',
  bots: 'Bots that name the fleet',
  readyBots: 'Bots of the fleet that are Ready',
  capacity: 'Bots that the shards of the fleet can host',
} as const satisfies Partial<Record<keyof BotFleetStatus, string>>;

/**
 * What the status of each fleet says, as gauges with the label `fleet` in `registry`. Read from the
 * cache when asked for: every replica tells the same, so that a query takes the maximum.
 */
export function registerFleetMetrics(
  registry: Registry,
  fleets: Pick<Lister<StoredFleet>, 'list'>,
): void {
  for (const [field, help] of Object.entries(GAUGES)) {
    const gauge = new Gauge({
      name: `tenantbot_fleet_${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      help,
      labelNames: ['fleet'],
      registers: [registry],
      collect() {
        gauge.reset();
        for (const fleet of fleets.list()) {
          const value = readFleetStatus(fleet)?.[field as keyof typeof GAUGES];
          if (value !== undefined) gauge.set({ fleet: fleet.metadata.name }, value);
        }
      },
    });
  }
}
