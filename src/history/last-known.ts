import { type QueryExecutorProvider, sql } from 'kysely';
import type { KeptFacts } from '../api/bot-recall.ts';
import type { BreakerState } from '../api/breaker.ts';
import type { HealthState } from '../api/health.ts';
import { toTimestamp } from '../lib/clock.ts';

/** Who told nothing for longer begins anew. */
const DAYS = 8;

/** A row as the driver reads it: what is a bigint is a text. */
interface SnapshotRow {
  readonly uid: string;
  readonly at: Date;
  readonly health: HealthState;
  readonly breaker: BreakerState;
  readonly error_percent: number;
  readonly avg_response_ms: number;
  readonly consecutive_failures: number;
  readonly rate_limited: string;
  readonly updates: string;
  readonly handled: string;
  readonly replies: string;
  readonly errors: string;
  readonly restarts: number;
}

/** How each live bot did when that was last kept, by uid. */
export async function readLastKnown(
  database: QueryExecutorProvider,
): Promise<ReadonlyMap<string, KeptFacts>> {
  const { rows } = await sql<SnapshotRow>`
    select bots.uid, last.*
    from bots
    cross join lateral (
      select at, health, breaker, error_percent, avg_response_ms, consecutive_failures,
        rate_limited, updates, handled, replies, errors, restarts
      from health_snapshots
      where bot = bots.id and at > now() - make_interval(days => ${DAYS})
      order by at desc
      limit 1
    ) last
    where bots.deleted_at is null`.execute(database);
  return new Map(rows.map((row) => [row.uid, factsOf(row)]));
}

function factsOf(row: SnapshotRow): KeptFacts {
  const { health, breaker, consecutive_failures: failures } = row;
  return {
    health: {
      state: health,
      errorRate: row.error_percent,
      avgResponseMs: row.avg_response_ms,
      consecutiveFailures: failures,
      rateLimited: Number(row.rate_limited),
    },
    breaker: {
      state: breaker,
      failures,
      ...(breaker !== 'Closed' && { openedAt: toTimestamp(row.at.getTime()) }),
    },
    counters: {
      updates: Number(row.updates),
      handled: Number(row.handled),
      replies: Number(row.replies),
      errors: Number(row.errors),
    },
    restarts: row.restarts,
  };
}
