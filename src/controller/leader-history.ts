import type { BotDirectory } from '../api/bot-directory.ts';
import type { KeptFacts } from '../api/bot-recall.ts';
import type { HistoryAvailability } from '../api/history-availability.ts';
import type { HistorySink } from '../api/history-records.ts';

/** Keeps the history while this replica leads. */
export interface LeaderHistory extends HistorySink {
  /** Whether what is told is kept. */
  availability(): HistoryAvailability;
  /** How a bot did when that was last kept by a leader before. */
  lastKnown(uid: string): KeptFacts | undefined;
  /** The TenantBot was deleted. */
  botGone(uid: string): void;
  /** Keeps it until `signal` aborts; resolves when no connection is left. */
  start(signal: AbortSignal): Promise<void>;
}

/** Opens the history for one time of leading. What an earlier leader writes from then on is refused. */
export type OpenHistory = (leading: {
  readonly term: number;
  /** Which TenantBots there are. */
  readonly directory: BotDirectory;
}) => LeaderHistory;
