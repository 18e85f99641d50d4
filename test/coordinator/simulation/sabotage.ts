import type { Demand, Grant } from '../../../src/control/grants.ts';
import type { GrantStore } from '../../../src/coordinator/table.ts';

/** Defects to put into a world, to see that they are found. */
export interface Sabotage {
  /** What a leader takes for the longest way to Telegram. */
  readonly leaderFlightMs?: number;
  /** What shards take for a second. */
  readonly windowMs?: number;
  /** Whether leaders ask the clock before they grant. */
  readonly neverAsksWhetherItLeads?: boolean;
  readonly suspectsNobody?: boolean;
  readonly onStore?: (store: GrantStore) => GrantStore;
  readonly onDemand?: (demand: Demand) => Demand;
  /** What a shard makes of a grant, and from when it counts its life. */
  readonly onGrant?: (taken: Taken) => Taken;
}

/** A grant as it comes in at a shard. */
export interface Taken {
  readonly grant: Grant;
  readonly sentMs: number;
  readonly nowMs: number;
}
