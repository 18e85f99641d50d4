import { Retention, type RetentionOptions } from '../../../src/history/retention/retention.ts';
import { DEFAULT_RETENTION } from '../../../src/history/retention/retention-days.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { makeLog } from '../../standalone/support.ts';
import { NOON_MS } from '../writer/records.ts';
import { type Stage, setStage } from '../writer/stage.ts';

const DAY_MS = 86_400_000;
const TABLES = ['transitions', 'usage_hourly', 'errors_hourly', 'verifications'];

/** A history of many days, at noon of the last one. */
export interface OldStage extends Stage {
  readonly retention: (options?: Partial<RetentionOptions>) => Retention;
  readonly lines: string[];
  /** Puts rows and bots there of which the older half is to go. */
  readonly fill: () => Promise<void>;
  /** How many days ago what is left happened, by table, and which bots are left. */
  readonly left: () => Promise<Readonly<Record<string, unknown>>>;
}

/** What {@link OldStage.left} is to be once all that is old has gone. */
export const YOUNG = {
  bots: ['uid-1', 'uid-back', 'uid-late'],
  days: ['health_snapshots_20260102', 'health_snapshots_20260130', 'health_snapshots_20260131'],
  health_snapshots: [1, 29],
  ...Object.fromEntries(TABLES.map((table) => [table, [1, 29]])),
  audit_log: [1, 31],
};

export async function setOldStage(): Promise<OldStage> {
  const stage = await setStage();
  const { rows, bots, database } = stage;
  bots.set('uid-back', { namespace: 'team-a', name: 'back' });
  const { log, lines } = makeLog();
  // It stands at noon, and goes on.
  const clock = new AdjustableClock({ base: systemClock, startWallMs: NOON_MS - Date.now() });
  const directory = { find: (uid: string) => bots.get(uid) };
  const address = async () => database.address;
  const byDefault = { address, days: DEFAULT_RETENTION, directory, clock, log };
  return {
    ...stage,
    lines,
    retention: (options = {}) => new Retention({ ...byDefault, ...options }),
    fill: async () => void (await rows(FILL)),
    left: async () => (await rows(LEFT))[0] ?? {},
  };
}

const AT = (days: number): string => `'${new Date(NOON_MS - days * DAY_MS).toISOString()}'`;
const SNAPSHOT_DAYS = [1, 29, 31, 33];
const ROW_DAYS = [1, 29, 31, 32, 33];
const VALUES = `'session', row_number() over ()`;

const FILL = `
  insert into bots (uid, namespace, name, deleted_at) values
    ('uid-1', 'team-a', 'one', null),
    ('uid-late', 'team-a', 'late', ${AT(6)}),
    ('uid-gone', 'team-a', 'gone', ${AT(8)}),
    ('uid-gone-2', 'team-b', 'gone', ${AT(9)}),
    ('uid-back', 'team-a', 'back', ${AT(8)})
    on conflict do nothing;
  create temp table bot as select id from bots;
  ${[...SNAPSHOT_DAYS, 0].map((days) => `select ensure_snapshot_day(${AT(days)}::date);`).join('')}
  ${[1, 31, 400, 450].map((days) => `select ensure_audit_month(${AT(days)}::date);`).join('')}
  create temp table old as select unnest(array[${SNAPSHOT_DAYS.map(AT).join()}]::timestamptz[]) as at;
  create temp table older as select unnest(array[${ROW_DAYS.map(AT).join()}]::timestamptz[]) as at;
  insert into health_snapshots (at, session, seq, bot, health, breaker, error_percent, avg_response_ms,
    consecutive_failures, rate_limited, updates, handled, replies, errors, restarts)
    select at, ${VALUES}, id, 'Healthy', 'Closed', 0, 0, 0, 0, 0, 0, 0, 0, 0 from old, bot
    on conflict do nothing;
  insert into transitions (at, session, seq, bot, kind, to_state)
    select at, ${VALUES}, id, 'health', 'Healthy' from older, bot on conflict do nothing;
  insert into verifications (at, session, seq, bot, outcome)
    select at, ${VALUES}, id, 'Left' from older, bot on conflict do nothing;
  insert into usage_hourly (hour, bot, calls)
    select at, id, 1 from older, bot on conflict do nothing;
  insert into errors_hourly (hour, bot, fingerprint, sample, errors)
    select at, id, 'f', 's', 1 from older, bot on conflict do nothing;
  insert into audit_log (at, actor, action)
    select at, 'me', 'test' from unnest(array[${[1, 31, 400, 450].map(AT).join()}]::timestamptz[]) at`;

const DAYS = (column: string): string =>
  `array_agg(distinct extract(day from ${AT(0)}::timestamptz - ${column})::int)`;

const LEFT = `select
  (select array_agg(uid order by uid) from bots) as bots,
  (select array_agg(relname::text order by relname) from pg_class where relkind = 'r'
    and relname like 'health_snapshots%' and relname <= 'health_snapshots_20260131') as days,
  (select ${DAYS('at')} from health_snapshots) as health_snapshots,
  (select ${DAYS('at')} from transitions) as transitions,
  (select ${DAYS('hour')} from usage_hourly) as usage_hourly,
  (select ${DAYS('hour')} from errors_hourly) as errors_hourly,
  (select ${DAYS('at')} from verifications) as verifications,
  (select ${DAYS('at')} from audit_log where actor = 'me') as audit_log`;
