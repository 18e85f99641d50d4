import type { EmbeddedHistory } from '../support/standalone-history.ts';

/** Of `bots`, a day of snapshots every five minutes: it goes well, but for an hour. */
const SNAPSHOTS = `
  insert into health_snapshots (bot, at, session, seq, health, breaker, error_percent,
    avg_response_ms, consecutive_failures, rate_limited, updates, handled, replies, errors, restarts)
  select id, moment, 'the-past', step,
    case when step between 180 and 191 then 'Unhealthy' when step % 67 = 0 then 'Degraded'
      else 'Healthy' end,
    case when step between 183 and 190 then 'Open' else 'Closed' end,
    case when step between 180 and 191 then 70 else step % 3 end,
    60 + 25 * sin(step / 20.0) + case when step between 178 and 193 then 400 else 0 end,
    0, step / 40, step * 9, step * 9, step * 8,
    case when step < 180 then 0 else least(step - 180, 12) * 4 end,
    case when step < 192 then 0 else 1 end
  from bots, generate_series(1, 287) as step,
    lateral (select now() - interval '24 hours' + step * interval '5 minutes' as moment) as clock
  where name = 'greeter' and not (step between 60 and 70)
  on conflict do nothing`;

const TRANSITIONS = `
  insert into transitions (bot, session, seq, at, kind, from_state, to_state, cause)
  select id, 'the-past', seq, now() - ago, kind, old, new, cause from bots, (values
    (1, interval '23 hours', 'placement', null, 'default/0', 'a place on shard 0 of fleet default'),
    (2, interval '9 hours', 'health', 'Healthy', 'Unhealthy', '5 calls in a row failed: 502 Bad Gateway'),
    (3, interval '8 hours 50 minutes', 'breaker', 'Closed', 'Open', '5 calls in a row failed'),
    (4, interval '8 hours 10 minutes', 'breaker', 'Open', 'Closed', '2 calls succeeded'),
    (5, interval '8 hours', 'health', 'Unhealthy', 'Healthy', null)
  ) as told (seq, ago, kind, old, new, cause)
  where name = 'greeter' on conflict do nothing`;

const USAGE = `
  insert into usage_hourly (bot, session, hour, method, command, update_kind, chat_kind, outcome,
    calls, latency_buckets)
  select id, 'the-past', date_trunc('hour', now()) - hours * interval '1 hour', method, command, kind, chat, outcome,
    greatest(1, round(times * (1.2 + sin(hours / 3.8)))),
    array[0, 0, 0, 5, 9, 2, 1, 0, 0, 0, 0, 0, 0]
  from bots, generate_series(1, 160) as hours, (values
    ('', 'start', 'message', 'private', 'handled', 40),
    ('', 'help', 'message', 'private', 'handled', 12),
    ('', '', 'message', 'group', 'skipped', 3),
    ('sendMessage', '', '', '', 'ok', 50),
    ('sendMessage', '', '', '', 'failed', 2)
  ) as used (method, command, kind, chat, outcome, times)
  where name in ('greeter', 'bot-11', 'bot-12') on conflict do nothing`;

const ERRORS = `
  insert into errors_hourly (bot, session, hour, fingerprint, sample, errors)
  select id, 'the-past', date_trunc('hour', now()) - hours * interval '1 hour', print, words,
    1 + hours % times
  from bots, generate_series(1, 90, 4) as hours, (values
    ('f3a91c', 'sendMessage: 502 Bad Gateway', 9),
    ('07be52', 'sendMessage: 403 Forbidden: bot was blocked by the user', 4)
  ) as failed (print, words, times)
  where name = 'greeter' on conflict do nothing`;

/** Makes a history of what the bots never did, so that views have something to show. */
export async function inventPast(history: EmbeddedHistory): Promise<void> {
  for (const day of ['yesterday', 'today'])
    await history.rows(`select ensure_snapshot_day((timestamp '${day}')::date)`);
  for (const statement of [SNAPSHOTS, TRANSITIONS, USAGE, ERRORS]) await history.rows(statement);
}
