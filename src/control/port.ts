import type { BotFleetSpec } from '../api/bot-fleet.ts';
import type { Resume } from '../api/bot-recall.ts';
import type { BotRequests } from '../api/bot-requests.ts';
import type { BotKey } from '../api/group.ts';
import type { RuntimeFacts } from '../api/runtime-facts.ts';
import type { TenantBotSpec } from '../api/tenant-bot.ts';
import type { Secret } from '../lib/secret.ts';
import type { Demand, Grant } from './grants.ts';

/** One bot that a shard is to host. */
export interface BotAssignment {
  /** uid of the TenantBot: a new object of the same name is another bot. */
  readonly uid: string;
  readonly key: BotKey;
  /** Generation of `spec`. */
  readonly generation: number;
  /** Grows whenever the bot changes its owner. */
  readonly epoch: number;
  readonly spec: TenantBotSpec;
  readonly token: Secret;
  /** Keys for the signatures of forward handlers, by the handler's place in `spec.handlers`. */
  readonly signingKeys: ReadonlyMap<number, Secret>;
  /** True only for the first start ever of a bot that wants its backlog thrown away. */
  readonly dropPending: boolean;
  /** What was last known of the bot, to go on from. */
  readonly resume?: Resume;
  /** What people ask of it beyond its spec; each is met once. */
  readonly requests?: BotRequests;
}

/** What a shard is to know of its fleet. */
export interface FleetShare {
  readonly fleet: BotFleetSpec;
  /** Among how many shards the fleet's limits are divided, this one included. */
  readonly shards: number;
}

/** All that a shard is to do. Each delivery is the whole truth and replaces the one before. */
export interface ShardAssignment extends FleetShare {
  readonly bots: readonly BotAssignment[];
  /** Another runtime hosts the shard: what is let go of now is to be left to it at once. */
  readonly superseded?: true;
}

/** A bot that a runtime hosts no more: its last poll is over. */
export interface EndedBot {
  readonly uid: string;
  readonly epoch: number;
  /**
   * Where its next owner is to go on: every update below was finished here, and nothing else was
   * confirmed. Undefined where no poll ever told.
   */
  readonly offset?: number;
}

/** What a shard tells of one bot. Each report replaces the bot's one before. */
export interface BotReport {
  readonly uid: string;
  readonly epoch: number;
  readonly facts: RuntimeFacts;
}

/** The part of a runtime that keeps its calls within what the leader grants. */
export interface GrantHolder {
  /** What to tell the leader now; undefined where nothing is limited. */
  demand(): Demand | undefined;
  /** Takes what came with the answer to a request sent at `sentMs`, by the monotonic clock. */
  grant(grant: Grant, sentMs: number): void;
  /** Another runtime speaks for the shard: no call may be made any more. */
  end(): void;
  /** `hurry` is called when the leader is to hear of the demand soon. */
  onHurry(hurry: () => void): void;
}

/**
 * The runtime's only way to the world that steers it: assignments in, reports out. In memory in
 * the standalone, over the network in a cluster; the runtime can't tell.
 */
export interface ControlPort {
  /** The newest assignment, again whenever it changes, until `signal` aborts. */
  assignments(signal: AbortSignal): AsyncIterable<ShardAssignment>;
  /** Takes a report. Never waits and never throws. */
  report(report: BotReport): void;
  /** Takes note of the end of a bot that was to end. Never waits and never throws. */
  ended(bot: EndedBot): void;
  /**
   * Whether all that is hosted was confirmed lately. Where it was not, whoever else takes a bot's
   * updates may be its new owner.
   */
  inContact(): boolean;
  /**
   * The runtime gives the bot up by itself, to a newer owner: it is not to be hosted any more until
   * it is handed out anew.
   */
  yield(uid: string): void;
  /** Carries what `holder` wants to the leader, and grants back. Once, before all else. */
  connect(holder: GrantHolder): void;
}
