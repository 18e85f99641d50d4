import type { KeptFacts } from '../../api/bot-recall.ts';
import type { HistoryAvailability } from '../../api/history-availability.ts';

/** What the history tells. */
export interface HistoryView {
  /** Whether what happens to bots is kept. */
  availability(): HistoryAvailability;
  /** How a bot did when that was last kept by the run before. */
  lastKnown(uid: string): KeptFacts | undefined;
}
