import type { BotAssignment, BotReport, EndedBot } from '../../control/port.ts';
import type { ShardId } from '../../control/shard-id.ts';
import type { Released } from '../../control/shard-ledger.ts';

/**
 * The shards as the bots' controller sees them: where it hands bots out, and hears of them. What
 * `ShardHub` promises, and no more than is used.
 */
export interface ShardDirectory {
  /** Hands the bot to the shard; the same again changes nothing. */
  place(shard: ShardId, assignment: BotAssignment): void;
  /** Has the shard let go of the bot; `onReleased` tells when it has. */
  withdraw(shard: ShardId, uid: string): void;
  /** All bots of the shard have been placed: what it hosts beyond them may be withdrawn. */
  complete(shard: ShardId): void;
  onReport(listener: (shard: ShardId, report: BotReport) => void): void;
  onEnded(listener: (shard: ShardId, bot: EndedBot) => void): void;
  onReleased(listener: (shard: ShardId, bot: Released) => void): void;
  onHosting(listener: (shard: ShardId) => void): void;
  /** When the shard's runtime was last heard, by the monotonic clock. */
  lastSeen(shard: ShardId): number | undefined;
}
