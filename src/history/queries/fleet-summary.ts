import { sql } from 'kysely';
import { z } from 'zod';
import { BREAKER_STATES, type BreakerState } from '../../api/breaker.ts';
import { HEALTH_STATES, type HealthState } from '../../api/health.ts';
import { chosenBots, FRESH_MS, timestamp } from './fragments.ts';
import { namespaceName } from './namespaces.ts';
import { historyQuery } from './query.ts';

/** How all bots do together, each by its newest snapshot. */
export interface FleetSummary {
  readonly bots: number;
  /** Of which nothing was heard lately; the figures below are of the others. */
  readonly silent: number;
  readonly health: Readonly<Record<HealthState, number>>;
  readonly breaker: Readonly<Record<BreakerState, number>>;
  /** Of the bots' own averages; null where no bot was heard of. */
  readonly avgResponseMs: number | null;
  readonly p95ResponseMs: number | null;
  readonly errorPercent: number | null;
}

/** How the bots of a namespace do now, or all of them. */
export const fleetSummary = historyQuery({
  name: 'fleet summary',
  args: z.strictObject({ namespace: namespaceName.optional() }),
  async run(asking, args): Promise<FleetSummary> {
    const { rows } = await sql<FleetSummary>`
      select count(*)::int as "bots", count(*) filter (where newest.bot is null)::int as "silent",
        json_build_object(${counts(HEALTH_STATES, 'health')}) as "health",
        json_build_object(${counts(BREAKER_STATES, 'breaker')}) as "breaker",
        round(avg(avg_response_ms))::float8 as "avgResponseMs",
        round(percentile_cont(0.95) within group (order by avg_response_ms)) as "p95ResponseMs",
        round(avg(error_percent), 1)::float8 as "errorPercent"
      from ${chosenBots(asking, args)} as chosen
      left join lateral (
        select * from health_snapshots
        where bot = chosen.id and at > ${timestamp(asking.nowMs - FRESH_MS)}
          and at <= ${timestamp(asking.nowMs)}
        order by at desc, session desc, seq desc limit 1
      ) as newest on true
      where deleted_at is null`.execute(asking.database);
    return rows[0] as FleetSummary;
  },
});

function counts(states: readonly string[], column: string) {
  const pairs = states.map(
    (state) => sql`${state}::text, count(*) filter (where ${sql.ref(column)} = ${state})`,
  );
  return sql.join(pairs);
}
