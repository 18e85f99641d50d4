import type { BotFleetStatus } from '../api/bot-fleet.ts';

/** A fleet and how it does. */
export interface SeenFleet {
  readonly namespace: string;
  readonly name: string;
  readonly status: BotFleetStatus;
  /** The pod of a shard; undefined where it has none. */
  readonly podOf: (shard: number) => string | undefined;
}

/** What a command needs that shows fleets, wherever they are. Methods reject in words for people. */
export interface FleetAccess {
  /** The fleets of a namespace; of all where undefined. */
  fleets(namespace: string | undefined): Promise<readonly SeenFleet[]>;
  close(): Promise<void>;
}
