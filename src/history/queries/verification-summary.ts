import { sql } from 'kysely';
import { aboutBots, days } from './arguments.ts';
import { inLastDays, isOf } from './fragments.ts';
import { historyQuery } from './query.ts';

/** What became of people at membership gates. */
export interface VerificationSummary {
  readonly prompted: number;
  readonly refused: number;
  readonly verified: number;
  readonly left: number;
  /** How many of a hundred who were asked to join have joined; null where nobody was asked. */
  readonly successPercent: number | null;
}

/** How membership gates did in the last `days`. */
export const verificationSummary = historyQuery({
  name: 'verification summary',
  args: aboutBots({ days: days.default(7) }),
  async run(asking, { days, ...bots }): Promise<VerificationSummary> {
    const { rows } = await sql<VerificationSummary>`
      with counts as (
        select count(*) filter (where outcome = 'Prompted')::int as prompted,
          count(*) filter (where outcome = 'Refused')::int as refused,
          count(*) filter (where outcome = 'Verified')::int as verified,
          count(*) filter (where outcome = 'Left')::int as "left"
        from verifications
        where ${isOf(asking, bots)}
          and ${inLastDays('at', asking, days)}
      )
      -- Some were asked before the time that is looked at.
      select *, round(100.0 * least(verified, prompted) / nullif(prompted, 0), 1)::float8
        as "successPercent"
      from counts`.execute(asking.database);
    return rows[0] as VerificationSummary;
  },
});
