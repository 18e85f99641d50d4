import { beforeAll, describe, expect, test } from 'vitest';
import { BREAKER_STATES } from '../../src/api/breaker.ts';
import { HEALTH_STATES } from '../../src/api/health.ts';
import { VERIFICATION_OUTCOMES } from '../../src/api/history-records.ts';
import { waitFor } from '../support/wait.ts';
import { makeDatabase, migrateDatabase, type TestDatabase } from './databases.ts';

const TABLES = [
  'bots',
  'health_snapshots',
  'transitions',
  'usage_hourly',
  'errors_hourly',
  'verifications',
  'audit_log',
];
const NOON = '2026-01-31T12:00:00Z';

let database: TestDatabase;
let bots = 0;

beforeAll(async () => {
  database = await makeDatabase();
  await migrateDatabase(database);
  await run("select ensure_snapshot_day('2026-01-31')", "select ensure_audit_month('2026-01-31')");
});

/** Runs `statements` as the owner, who sees all namespaces. */
function run(...statements: readonly string[]) {
  const all = ["set tenantbot.namespaces = '*'", 'set search_path = tenantbot', ...statements];
  return database.rows(all.join(';'));
}

/** Makes a bot; resolves to its key. */
async function makeBot(namespace = 'other'): Promise<number> {
  bots++;
  const values = `'uid-${bots}', '${namespace}', 'bot-${bots}', ${bots}`;
  const [row] = await run(
    `insert into bots (uid, namespace, name, bot_id) values (${values}) returning id`,
  );
  return Number(row?.['id']);
}

/** A statement that inserts a snapshot of `bot`; `changes` are SQL. */
function snapshot(bot: number, changes: Readonly<Record<string, string>> = {}): string {
  const values = {
    bot: String(bot),
    at: `'${NOON}'`,
    session: "'s'",
    seq: '1',
    health: "'Healthy'",
    breaker: "'Closed'",
    error_percent: '0',
    avg_response_ms: '12',
    consecutive_failures: '0',
    rate_limited: '0',
    updates: '1',
    handled: '1',
    replies: '1',
    errors: '0',
    restarts: '0',
    ...changes,
  };
  return `insert into health_snapshots (${Object.keys(values).join()}) values (${Object.values(values).join()})`;
}

/** Statements that put a row of `bot` into each of the other tables. */
function otherRows(bot: number, namespace: string): string[] {
  return [
    `insert into transitions (bot, session, seq, at, kind, to_state) values (${bot}, 's', 1, now(), 'health', 'Degraded')`,
    `insert into usage_hourly (bot, hour, calls) values (${bot}, '${NOON}', 1)`,
    `insert into errors_hourly (bot, hour, fingerprint, sample, errors) values (${bot}, '${NOON}', 'f', 's', 1)`,
    `insert into verifications (bot, session, seq, at, outcome) values (${bot}, 's', 1, now(), 'Left')`,
    `insert into audit_log (actor, action, namespace) values ('me', 'test', '${namespace}')`,
  ];
}

describe('row-level security', () => {
  test('hides the rows of every namespace that is not allowed, from the owner too', async () => {
    for (const namespace of ['a', 'b']) {
      const bot = await makeBot(namespace);
      await run(snapshot(bot), ...otherRows(bot, namespace));
    }
    const reader = `reader_${database.name}`;
    await database.rows(
      `create role ${reader}; grant ${reader} to ${database.name}; grant usage on schema tenantbot to ${reader}; grant select on all tables in schema tenantbot to ${reader}`,
      'superuser',
    );
    const seen = async (role: string, namespaces: string, table: string): Promise<unknown> => {
      const query = `set role ${role}; ${namespaces}; select count(*)::int as n from tenantbot.${table}`;
      return (await database.rows(query))[0]?.['n'];
    };
    for (const role of [reader, database.name]) {
      for (const table of TABLES) {
        const count = (setting: string): Promise<unknown> => seen(role, setting, table);
        const who = `${table} as ${role}`;
        expect.soft(await count('reset tenantbot.namespaces'), who).toBe(0);
        expect.soft(await count("set tenantbot.namespaces = ''"), who).toBe(0);
        expect.soft(await count("set tenantbot.namespaces = 'a'"), who).toBe(1);
        expect.soft(await count("set tenantbot.namespaces = 'a,b'"), who).toBe(2);
        expect.soft(await count("set tenantbot.namespaces = 'c'"), who).toBe(0);
      }
    }
    // Nor around it, through the table of a day.
    const all = "set tenantbot.namespaces = '*'";
    expect(await seen(reader, all, 'health_snapshots')).toBeGreaterThanOrEqual(2);
    expect(await seen(reader, all, 'health_snapshots_20260131')).toBe(0);
  });

  test('holds for what is written, too', async () => {
    const bot = await makeBot('mine');
    const [row] = otherRows(bot, 'mine');
    const as = (namespaces: string): Promise<unknown> =>
      run(`set tenantbot.namespaces = '${namespaces}'`, row ?? '');
    await expect(as('theirs')).rejects.toThrow('violates row-level security policy');
    await as('mine');
  });
});

describe('the audit log', () => {
  test('keeps what it held before it went by months', async () => {
    const old = await makeDatabase();
    await migrateDatabase(old, { to: 1 });
    const all = "set tenantbot.namespaces = '*'; set search_path = tenantbot";
    await old.rows(
      `${all}; insert into audit_log (at, actor, action) select at, 'me', 'test' from unnest('{2024-02-29T23:59:59Z, 2026-01-01T00:00:00Z}'::timestamptz[]) at`,
    );
    await migrateDatabase(old);
    const rows = await old.rows(
      `${all}; select at, tableoid::regclass::text as part from audit_log order by at`,
    );
    expect(rows).toEqual([
      { at: new Date('2024-02-29T23:59:59Z'), part: 'audit_log_202402' },
      { at: new Date('2026-01-01T00:00:00Z'), part: 'audit_log_202601' },
    ]);
  });

  test.each([
    "update audit_log set actor = 'you'",
    'delete from audit_log',
    'truncate audit_log',
    'delete from audit_log_202601',
    'truncate audit_log_202601',
  ])('refuses its owner and a superuser: %s', async (change) => {
    const refusal = /audit_log(_202601)? is append-only/;
    await expect(run(change)).rejects.toThrow(refusal);
    await expect(
      database.rows(`set search_path = tenantbot; ${change}`, 'superuser'),
    ).rejects.toThrow(refusal);
  });
});

describe('the tables', () => {
  test('a bot id is that of one live bot', async () => {
    const bot = await makeBot();
    const again = `insert into bots (uid, namespace, name, bot_id) values ('again', 'n', 'again', ${bots})`;
    await expect(run(again)).rejects.toThrow('bots_live_bot_id');
    await run(`update bots set deleted_at = now() where id = ${bot}`, again);
  });

  test('a snapshot that comes twice is there once', async () => {
    const bot = await makeBot();
    await run(snapshot(bot), `${snapshot(bot)} on conflict do nothing`);
    await expect(run(snapshot(bot))).rejects.toThrow('duplicate key');
  });

  test('days begin at midnight UTC whatever the time zone, and may be asked for at once', async () => {
    const bot = await makeBot();
    const day = ["set timezone = 'Asia/Tokyo'", "select ensure_snapshot_day('2026-03-01')"];
    await Promise.all([run(...day), run(...day), run(...day)]);
    await run(snapshot(bot, { at: "'2026-03-01T00:00:00Z'" }));
    await run(snapshot(bot, { at: "'2026-03-01T23:59:59.999Z'" }));
    const next = run(snapshot(bot, { at: "'2026-03-02T00:00:00Z'" }));
    await expect(next).rejects.toThrow('no partition');
  });

  test('a bot that is purged takes its rows along, and no one else’s', async () => {
    const [purged, other] = [await makeBot(), await makeBot()];
    for (const bot of [purged, other]) await run(snapshot(bot), ...otherRows(bot, 'n'));
    await run(`delete from bots where id = ${purged}`);
    for (const table of TABLES.slice(1, -1)) {
      const query = `select distinct bot from ${table} where bot in (${purged}, ${other})`;
      expect(await run(query)).toEqual([{ bot: other }]);
    }
  });

  test.each([
    ['is deleted while a snapshot of it comes', 'delete', 'snapshot'],
    ['gets a snapshot while it is deleted', 'snapshot', 'delete'],
  ] as const)('leave no snapshot of a bot that %s', async (_what, first, second) => {
    const bot = await makeBot();
    const change = { delete: `delete from bots where id = ${bot}`, snapshot: snapshot(bot) };
    const holding = run('begin', change[first], 'select pg_sleep(0.5)', 'commit');
    await waitFor('the first one', async () => {
      const query = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and query like '%${change[first].replaceAll("'", "''")}%' and pid <> pg_backend_pid()`;
      return (await database.rows(query)).length > 0;
    });
    const [late] = await Promise.allSettled([run(change[second])]);
    await holding;
    expect(late.status).toBe(second === 'delete' ? 'fulfilled' : 'rejected');
    expect(await run(`select from health_snapshots where bot = ${bot}`)).toEqual([]);
  });

  test('know every state that there is', async () => {
    const bot = await makeBot();
    let seq = 0;
    await run(
      ...HEALTH_STATES.map((state) => snapshot(bot, { health: `'${state}'`, seq: `${seq++}` })),
      ...BREAKER_STATES.map((state) => snapshot(bot, { breaker: `'${state}'`, seq: `${seq++}` })),
      ...VERIFICATION_OUTCOMES.map(
        (outcome) =>
          `insert into verifications (bot, session, seq, at, outcome) values (${bot}, 's', ${seq++}, now(), '${outcome}')`,
      ),
    );
  });

  test.each([
    ['a share above 100', { error_percent: '101' }],
    ['a share that is no number', { error_percent: "'NaN'::real" }],
    ['an endless time', { avg_response_ms: "'Infinity'::real" }],
    ['a count below 0', { updates: '-1' }],
    ['a state that there is not', { health: "'Fine'" }],
    ['a session without a name', { session: "''" }],
    ['a bot that there is not', { bot: '0' }],
    ['the end of time', { at: "'infinity'" }],
  ])('refuse %s', async (_what, changes) => {
    const bot = await makeBot();
    await expect(run(snapshot(bot, changes))).rejects.toThrow(/violates|out of range|no partition/);
  });
});
