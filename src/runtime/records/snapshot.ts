import type { SnapshotRecord } from '../../api/history-records.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';

/** What a snapshot says of a bot, apart from which and when. */
export type Snapshot = Omit<SnapshotRecord, 'kind' | 'uid' | 'epoch' | 'seq' | 'at'>;

/** What a database keeps in four bytes. */
const MAX_INT4 = 2_147_483_647;

/** How the bot of `facts` does. Figures that are none count as 0, and those too large as the largest. */
export function snapshotOf({ health, breaker, counters, restarts }: RuntimeFacts): Snapshot {
  return {
    health: health.state,
    breaker: breaker.state,
    errorPercent: whole(health.errorRate, 100),
    avgResponseMs: whole(health.avgResponseMs, MAX_INT4),
    consecutiveFailures: whole(health.consecutiveFailures, MAX_INT4),
    rateLimited: whole(health.rateLimited),
    updates: whole(counters.updates),
    handled: whole(counters.handled),
    replies: whole(counters.replies),
    errors: whole(counters.errors),
    restarts: whole(restarts, MAX_INT4),
  };
}

function whole(figure: number, max = Number.MAX_SAFE_INTEGER): number {
  return Number.isNaN(figure) ? 0 : Math.round(Math.min(Math.max(figure, 0), max));
}
