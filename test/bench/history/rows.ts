import { Client } from 'pg';
import type { DatabaseAddress } from '../../../src/history/database-address.ts';

/** How much of a history there is. */
export interface Extent {
  readonly bots: number;
  readonly days: number;
}

/** A snapshot every 5 minutes, as runtimes make them unless told otherwise. */
const SNAPSHOTS_A_DAY = 288;

/** How many snapshots such a history has. */
export function snapshotsOf({ bots, days }: Extent): number {
  return bots * days * SNAPSHOTS_A_DAY;
}

/**
 * Fills a migrated database with the history of `bots` in 20 namespaces over the `days` before
 * `nowMs`, in the order of time, as a writer would have. Each bot has nine incidents a day, is used
 * eight hours a day in seven ways, and has five kinds of errors.
 */
export async function fill(
  { url }: DatabaseAddress,
  { bots, days }: Extent,
  { nowMs, say }: { readonly nowMs: number; readonly say: (words: string) => void },
): Promise<void> {
  const client = new Client(url.reveal());
  await client.connect();
  try {
    await client.query("set tenantbot.namespaces = '*'; set search_path = tenantbot");
    await client.query(
      `insert into bots (uid, namespace, name, created_at)
       select 'uid-' || n, 'namespace-' || n % 20, 'bot-' || n, now() - interval '1 year'
       from generate_series(1, $1::int) n`,
      [bots],
    );
    const now = new Date(nowMs);
    for (let day = days; day > 0; day--) {
      if (day % 5 === 0) say(`rows of ${days - day} days of ${days} are there …`);
      await client.query(
        `select ensure_snapshot_day((at at time zone 'UTC')::date), ensure_audit_month((at at time zone 'UTC')::date)
         from (values ($1::timestamptz - make_interval(days => $2)), ($1::timestamptz - make_interval(days => $2 - 1))) as ends (at)`,
        [now, day],
      );
      for (const statement of ONE_DAY) await client.query(statement, [now, day]);
    }
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

/** Of the day that begins $2 days before $1. */
const BEGIN = '($1::timestamptz - make_interval(days => $2::int))';
const SECONDS = (text: string) => `make_interval(secs => ${text})`;
const ONE_DAY = [
  `insert into health_snapshots (bot, at, session, seq, health, breaker, error_percent,
     avg_response_ms, consecutive_failures, rate_limited, updates, handled, replies, errors, restarts)
   select id, ${BEGIN} + ${SECONDS('tick * 300 + id % 300')}, 'session-of-the-bench',
     tick, case when (id + tick) % 50 = 0 then 'Unhealthy' else 'Healthy' end, 'Closed',
     (id + tick) % 20, 50 + (id * 7 + tick) % 400, 0, 0, tick * 10, tick * 9, tick * 8, tick, 0
   from generate_series(0, ${SNAPSHOTS_A_DAY - 1}) tick, bots`,
  ...['health', 'breaker', 'token'].flatMap((kind, number) => {
    const [bad, good] =
      [
        ['Unhealthy', 'Healthy'],
        ['Open', 'Closed'],
        ['Timeout', 'Valid'],
      ][number] ?? [];
    return [
      [bad, 0],
      [good, 600],
    ].map(
      ([state, later]) =>
        `insert into transitions (bot, session, seq, at, kind, to_state, cause)
         select id, 'session-' || $2::int, n * 10 + ${number * 2 + (later === 0 ? 0 : 1)},
           ${BEGIN} + ${SECONDS(`n * 28000 + id % 600 + ${number * 60} + ${later}`)},
           '${kind}', '${state}', 'as the bench says'
         from generate_series(0, 2) n, bots`,
    );
  }),
  `insert into usage_hourly (bot, hour, session, method, command, update_kind, chat_kind, outcome, calls, latency_buckets)
   select id, date_trunc('hour', ${BEGIN}) + make_interval(hours => n * 3), 'session-of-the-bench',
     method, command, update_kind, chat_kind, outcome, 20 + (id + n) % 30,
     case when method = '' then '{}' else '{0,1,2,3,4,5,3,2,1,0,0,0,0}'::bigint[] end
   from generate_series(0, 7) n, bots, (values
     ('sendMessage', '', '', '', 'ok'), ('sendMessage', '', '', '', 'failed'),
     ('getChatMember', '', '', '', 'ok'), ('sendPhoto', '', '', '', 'rejected'),
     ('', 'start', 'message', 'private', 'handled'), ('', '', 'message', 'group', 'skipped'),
     ('', '', 'callback_query', 'private', 'handled')) as way (method, command, update_kind, chat_kind, outcome)`,
  `insert into errors_hourly (bot, hour, session, fingerprint, sample, errors)
   select id, date_trunc('hour', ${BEGIN}) + make_interval(hours => n * 4), 'session-of-the-bench',
     'fingerprint-' || (id + n) % 40, 'Bad Request: as the bench says', 1 + n
   from generate_series(0, 4) n, bots`,
  `insert into verifications (bot, session, seq, at, outcome)
   select id, 'session-' || $2::int, n, ${BEGIN} + ${SECONDS('n * 8000')},
     (array['Prompted', 'Refused', 'Verified'])[1 + n % 3]
   from generate_series(0, 9) n, bots`,
  `insert into audit_log (at, actor, action, namespace, object)
   select ${BEGIN} + ${SECONDS('n')}, 'user-' || id % 100, 'restart', namespace, name
   from generate_series(0, 2) n, bots`,
];
