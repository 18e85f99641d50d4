import { inputError } from '../../lib/errors.ts';

/** For how many days what is kept of what. */
export interface RetentionDays {
  readonly snapshots: number;
  readonly transitions: number;
  readonly usage: number;
  readonly errors: number;
  readonly verifications: number;
  /** Goes by whole months. */
  readonly audit: number;
  /** All of a bot, from when it was deleted. */
  readonly deletedBots: number;
}

/** What holds unless something else is said. */
export const DEFAULT_RETENTION: RetentionDays = {
  snapshots: 30,
  transitions: 30,
  usage: 30,
  errors: 30,
  verifications: 30,
  audit: 365,
  deletedBots: 7,
};

/** Records come up to 8 days late; the table that they belong to must not be gone by then. */
const SHORTEST = 9;
const LONGEST = 3_650;

/** Throws an input error where `days` can't be kept to. */
export function checkRetention(days: RetentionDays): void {
  for (const [what, count] of Object.entries(days) as [keyof RetentionDays, number][]) {
    const least = what === 'deletedBots' ? 1 : SHORTEST;
    if (Number.isInteger(count) && count >= least && count <= LONGEST) continue;
    throw inputError(
      'RETENTION_INVALID',
      `the retention of ${what} must be from ${least} to ${LONGEST} days, not ${count}`,
    );
  }
}
