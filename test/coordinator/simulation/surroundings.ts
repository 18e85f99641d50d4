import type { FleetRateLimits } from '../../../src/api/rate-limits.ts';
import type { Demand, Grant, HolderId } from '../../../src/control/grants.ts';
import type { GrantStore } from '../../../src/coordinator/table.ts';
import { LEASE_TIMINGS, type LeaseTimings } from '../../../src/coordinator/timings.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { EventLoop, Process } from './event-loop.ts';
import type { Sabotage } from './sabotage.ts';

/** The times of a world. Those of leases are scaled down, so that more happens in a run. */
export interface WorldTimings {
  readonly lease: LeaseTimings;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** The second of shards. */
  readonly windowMs: number;
}

/** As in production. */
export const REAL_TIMES: WorldTimings = {
  lease: LEASE_TIMINGS,
  leaseDurationMs: 6_000,
  renewDeadlineMs: 4_000,
  retryPeriodMs: 1_000,
  windowMs: 1_010,
};

/** A third or so of it, with a second that is long enough for a clock that runs 20 % too fast. */
export const SHORT_TIMES: WorldTimings = {
  lease: { lifeMs: 4_000, flightMs: 600, silentMs: 1_500 },
  leaseDurationMs: 2_400,
  renewDeadlineMs: 1_600,
  retryPeriodMs: 400,
  windowMs: 1_210,
};

export interface WorldOptions {
  readonly seed: number;
  readonly shards: number;
  readonly limits: FleetRateLimits;
  readonly timings: WorldTimings;
  /** Clocks run by so much faster or slower at most: 0.2 is 20 %. */
  readonly clockError: number;
  /** How long messages take at most; most are much faster. */
  readonly slowestMs: number;
  /** Calls take so long to Telegram, at most, now and then. */
  readonly slowestFlightMs: number;
  /** What a shard counts for among the others at a time; 1 unless given. */
  readonly weightOf?: (shard: number, nowMs: number) => number;
  readonly sabotage?: Sabotage;
}

/** A shard, as others see it. */
export interface KnownShard {
  readonly shard: number;
  readonly pod: string;
  readonly process: Process;
  /** What it goes by is part of so much. */
  capOf(resource: string): number;
}

/** A replica of the operator, as others see it. */
export interface KnownReplica {
  readonly name: string;
  readonly process: Process;
  sync(call: SyncCall): void;
  /** Gives the lease up at once. */
  resign(): void;
}

/** What a shard sends to a replica. */
export interface SyncCall {
  readonly id: HolderId;
  readonly seq: number;
  readonly demand: Demand | undefined;
  readonly answer: (grant: Grant | undefined) => void;
}

/** What the parts of a world have around them. */
export interface Surroundings {
  readonly loop: EventLoop;
  readonly random: Random;
  readonly options: WorldOptions;
  readonly sabotage: Sabotage;
  readonly telegram: {
    arrive(resources: readonly string[]): void;
    noteCaps(): void;
    capped(resources: readonly string[]): readonly string[];
  };
  readonly shards: readonly KnownShard[];
  readonly limits: FleetRateLimits;
  /** Links that are cut: `a>b`. */
  readonly cut: ReadonlySet<string>;
  /** Who holds the lease. */
  lease: { readonly holder: KnownReplica | undefined; readonly version: number };
  rate(of: 'shard' | 'replica'): number;
  delayMs(): number;
  send(from: string, to: string, deliver: () => void): void;
  route(last: KnownReplica | undefined): KnownReplica | undefined;
  storeFor(replica: KnownReplica): GrantStore;
}
