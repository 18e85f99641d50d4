import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import type { BotAssignment, BotReport, EndedBot } from '../../control/port.ts';
import type { ShardState } from '../../planner/fleet-state.ts';

/** A bot and the shard of its fleet that is to run it. */
export interface SeatedBot {
  readonly ordinal: number;
  readonly bot: BotAssignment;
}

/** Runs the bots of one fleet. */
export interface FleetHost {
  /** All that is to run from now on. Who is missing is let go of: `onReleased` tells when it is gone. */
  assign(fleet: BotFleetSpec, bots: readonly SeatedBot[]): void;
  /** What can be done with a shard at present. */
  stateOf(ordinal: number): ShardState;
  /** How the limits of the fleet are handed out to its shards, where they are. */
  readonly rates: FleetRates | undefined;
  /** Ends all bots; resolves when nothing runs them any more. */
  stop(): Promise<void>;
}

/** Hears what becomes of bots, whatever their fleet. */
export interface HostListener {
  onReport(report: BotReport): void;
  /** A bot that was let go of is gone: nothing runs it any more. */
  onReleased(bot: EndedBot): void;
  /** Nothing runs these bots at present, though they are to run: they are about to be started. */
  onDown(uids: readonly string[]): void;
  /** A shard came up or fell silent, or rates are others. */
  onChange(): void;
}

/** Where fleets run. */
export interface Hosts {
  /** How many shards each fleet has. */
  readonly shards: number;
  open(fleet: string): FleetHost;
}
