/** How it can be with the history. */
export const HISTORY_REASONS = [
  /** What happens is kept. */
  'Kept',
  /** Nobody said where. */
  'NotConfigured',
  /** The database can't be written to at present; what happens is kept by those who know it. */
  'Unavailable',
  /** The same as `Kept`; lately not all of it could be. */
  'RecordsDropped',
] as const;

/** Whether what happens to bots is kept: condition `HistoryAvailable` of a BotFleet. */
export interface HistoryAvailability {
  readonly reason: (typeof HISTORY_REASONS)[number];
  /** What is so, and what to do. */
  readonly message: string;
}

/** Where nobody said where to keep it. */
export const NO_HISTORY: HistoryAvailability = {
  reason: 'NotConfigured',
  message:
    'No database is configured, so what happens to bots is not kept. Bots work all the same.',
};
