import { sql } from 'kysely';
import { z } from 'zod';
import type { BreakerState } from '../../api/breaker.ts';
import type { HealthState } from '../../api/health.ts';
import { hours, oneBot, whole } from './arguments.ts';
import { chosenBots, iso, timestamp } from './fragments.ts';
import { historyQuery } from './query.ts';

const MAX_POINTS = 500;
const STEPS_SECONDS = [120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200] as const;
/** From good to bad. */
const HEALTH_RANKS: readonly HealthState[] = ['Healthy', 'Suspended', 'Degraded', 'Unhealthy'];
const BREAKER_RANKS: readonly BreakerState[] = ['Closed', 'HalfOpen', 'Open'];

/** How a bot did within one step. Where nothing was heard of it, `samples` is 0: a gap. */
export interface HistoryPoint {
  /** The begin of the step. */
  readonly at: string;
  readonly samples: number;
  /** The worst. */
  readonly health: HealthState | null;
  readonly breaker: BreakerState | null;
  /** Averages. */
  readonly errorPercent: number | null;
  readonly avgResponseMs: number | null;
  /** What came on; after a gap, since before it. */
  readonly updates: number | null;
  readonly errors: number | null;
  readonly rateLimited: number | null;
  readonly restarts: number | null;
}

/** A bot over time; without points where no such bot is known. */
export interface BotHistory {
  readonly stepSeconds: number;
  /** One a step, without holes: {@link MAX_POINTS} at most. */
  readonly points: readonly HistoryPoint[];
}

/** How one bot did in the last `hours`. */
export const botHistory = historyQuery({
  name: 'bot history',
  args: z.strictObject({
    ...oneBot,
    hours: hours.default(24),
    /** How often snapshots are made. */
    snapshotSeconds: whole(60, 3_600).default(300),
  }),
  async run(asking, { hours, snapshotSeconds, ...bot }): Promise<BotHistory> {
    const stepSeconds = stepFor(hours, snapshotSeconds);
    const stepMs = stepSeconds * 1_000;
    const beginMs = Math.floor((asking.nowMs - hours * 3_600_000) / stepMs) * stepMs;
    const step = sql`make_interval(secs => ${stepSeconds})`;
    const { rows: points } = await sql<HistoryPoint>`
      with chosen as materialized ${chosenBots(asking, bot)},
      steps as (
        select date_bin(${step}, at, 'epoch') as step,
          count(*) as samples,
          max(array_position(${HEALTH_RANKS}::text[], health)) as health,
          max(array_position(${BREAKER_RANKS}::text[], breaker)) as breaker,
          avg(error_percent) as error_percent,
          avg(avg_response_ms) as avg_response_ms,
          ${counter('updates')}, ${counter('errors')}, ${counter('rate_limited')},
          ${counter('restarts')}
        from health_snapshots
        where bot = (select id from chosen)
          -- One step more: what the counters were before.
          and at >= ${timestamp(beginMs - stepMs)} and at <= ${timestamp(asking.nowMs)}
        group by 1
      ),
      increases as (
        select *, ${increase('updates')}, ${increase('errors')}, ${increase('rate_limited')},
          ${increase('restarts')}
        from steps window before as (order by step)
      )
      select ${iso('series.step')} as "at", coalesce(samples, 0)::int as "samples",
        (${HEALTH_RANKS}::text[])[health] as "health",
        (${BREAKER_RANKS}::text[])[breaker] as "breaker",
        round(error_percent, 1)::float8 as "errorPercent",
        round(avg_response_ms)::float8 as "avgResponseMs",
        more_updates::float8 as "updates", more_errors::float8 as "errors",
        more_rate_limited::float8 as "rateLimited", more_restarts::float8 as "restarts"
      from chosen
      cross join generate_series(${timestamp(beginMs)}, ${timestamp(asking.nowMs)}, ${step})
        as series (step)
      left join increases on increases.step = series.step
      order by series.step`.execute(asking.database);
    return { stepSeconds, points };
  },
});

/** No shorter than two snapshots, so that one that comes a little late makes no gap. */
function stepFor(hours: number, snapshotSeconds: number): number {
  const shortest = Math.max((hours * 3_600) / (MAX_POINTS - 1), 2 * snapshotSeconds);
  return STEPS_SECONDS.find((step) => step >= shortest) ?? 7_200;
}

/** The lowest and the highest that a counter was within a step. */
function counter(name: string) {
  return sql`min(${sql.ref(name)}) as ${sql.ref(`low_${name}`)}, max(${sql.ref(name)}) as ${sql.ref(name)}`;
}

/** How far it came since the step before; all of it where it began anew. */
function increase(name: string) {
  const [now, low, more] = [sql.ref(name), sql.ref(`low_${name}`), sql.ref(`more_${name}`)];
  const before = sql`coalesce(lag(${now}) over before, ${low})`;
  return sql`case when ${now} < ${before} then ${now} else ${now} - ${before} end as ${more}`;
}
