import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { parseDatabaseUrl } from '../../../src/history/database-address.ts';
import type { Namespaces } from '../../../src/history/queries/namespaces.ts';
import { historyQuery } from '../../../src/history/queries/query.ts';
import { HistoryReader } from '../../../src/history/queries/reader.ts';
import { ScopedPool } from '../../../src/history/queries/scoped-pool.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { waitFor } from '../../support/wait.ts';
import { History, NOW, silent } from './history.ts';

let history: History;

beforeAll(async () => {
  history = await History.make();
  for (const namespace of ['a', 'b', 'c']) await history.bot(`of-${namespace}`, namespace);
});
afterAll(() => history.close());

/** Forgets to restrict itself: only row-level security is left. */
const careless = historyQuery({
  name: 'careless',
  args: z.strictObject({ fail: z.boolean().default(false) }),
  async run({ database }, { fail }) {
    if (fail) await sql`select 1 / (select count(*) from bots where false)`.execute(database);
    const { rows } = await sql<{ namespace: string }>`
      select namespace from bots order by 1`.execute(database);
    return rows.map(({ namespace }) => namespace);
  },
});

const ask = (namespaces: Namespaces, args = {}) => history.reader.ask(careless, namespaces, args);

test('a query that restricts itself to nothing still sees the allowed namespaces alone', async () => {
  expect(await ask('*')).toEqual(['a', 'b', 'c']);
  expect(await ask(['b'])).toEqual(['b']);
  expect(await ask(['a', 'c'])).toEqual(['a', 'c']);
  expect(await ask([])).toEqual([]);
  expect(await ask(['none'])).toEqual([]);
});

test('nobody sees through a connection what the one before was allowed, whatever happened', async () => {
  const scopes: Namespaces[] = ['*', ['a'], ['b'], [], ['a', 'b'], ['c'], ['none']];
  const asked = Array.from({ length: 400 }, async (_, index) => {
    const scope = scopes[(index * 5 + (index >> 3)) % scopes.length] ?? [];
    const there = scope === '*' ? ['a', 'b', 'c'] : scope.filter((name) => name !== 'none');
    const fail = index % 7 === 0;
    if (fail) await expect(ask(scope, { fail })).rejects.toThrow('division by zero');
    else expect(await ask(scope)).toEqual(there);
  });
  await Promise.all(asked);
});

test('a connection that broke off while it was restricted anew is given to nobody', async () => {
  const kill = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${history.database.name}' and pid <> pg_backend_pid()`;
  expect(await ask(['a'])).toEqual(['a']);
  for (let round = 0; round < 5; round++) {
    const asked = [ask(['a']), ask(['b']), ask('*'), ask(['c'])].map((one) => one.catch(() => []));
    await history.database.rows(kill, 'superuser');
    const [a, b, all, c] = await Promise.all(asked);
    for (const name of a ?? []) expect(name).toBe('a');
    for (const name of b ?? []) expect(name).toBe('b');
    for (const name of c ?? []) expect(name).toBe('c');
    expect([0, 3]).toContain(all?.length);
  }
  // The pool may still hold one of which it has not heard yet that it is broken.
  const last = await waitFor('a sound connection', () => ask(['b']).catch(() => undefined));
  expect(last).toEqual(['b']);
});

test('who asks for the same again waits for one round trip', async () => {
  const pool = new Pool({ connectionString: history.database.url, max: 1 });
  let trips = 0;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    Object.assign(client, { query: (...args: unknown[]) => (trips++, query(...args)) });
  });
  try {
    const scopes = new ScopedPool(pool, 1_000);
    const cost = async (namespaces: Namespaces) => {
      trips = 0;
      const dialect = new PostgresDialect({ pool: scopes.of(namespaces) });
      await sql`select from bots`.execute(new Kysely({ dialect }));
      return trips;
    };
    expect([await cost(['a']), await cost(['a']), await cost('*')]).toEqual([2, 1, 2]);
  } finally {
    await pool.end();
  }
});

test.each([
  ['a comma', ['a,*']],
  ['a star in a list', ['*']],
  ['SQL', ["a'; set tenantbot.namespaces = '*'; --"]],
  ['nothing', [null]],
  ['a text', 'a'],
  ['no list at all', undefined],
])('%s is no list of namespaces', async (_what, namespaces) => {
  await expect(ask(namespaces as Namespaces)).rejects.toMatchObject({ code: 'QUERY_INVALID' });
});

test('nothing can be written', async () => {
  const write = historyQuery({
    name: 'write',
    args: z.strictObject({}),
    run: ({ database }) => sql`delete from bots`.execute(database),
  });
  await expect(history.reader.ask(write, '*', {})).rejects.toMatchObject({
    code: 'DATABASE_READ_ONLY',
  });
});

const wait = historyQuery({
  name: 'wait',
  args: z.strictObject({ secret: z.string() }),
  run: ({ database }, { secret }) => sql`select pg_sleep(0.3), ${secret}::text`.execute(database),
});

test('what takes too long is given up, in words', async () => {
  const clock = new AdjustableClock();
  const { address } = history.database;
  const reader = await HistoryReader.open(address, { clock, log: silent, timeoutMs: 50 });
  try {
    const asked = reader.ask(wait, '*', { secret: '' });
    await expect(asked).rejects.toMatchObject({ code: 'DATABASE_SLOW' });
    await expect(asked).rejects.toThrow('did not come to an end in time');
  } finally {
    await reader.close();
  }
});

test('what is slow is logged by its name, without values', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const clock = new AdjustableClock({ startWallMs: NOW });
  const { address } = history.database;
  const log = createLog({ level: 'info', format: 'json', destination });
  const reader = await HistoryReader.open(address, { clock, log });
  try {
    await reader.ask(careless, ['a'], {});
    const asked = reader.ask(wait, ['a'], { secret: 'of-nobody' });
    clock.advance(251);
    await asked;
  } finally {
    await reader.close();
  }
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { query: 'wait', ms: 251 },
  ]);
  expect(lines.join()).not.toContain('of-nobody');
});

test('a database that is not there is told of in words', async () => {
  const address = parseDatabaseUrl(new Secret('postgres://me:secret@127.0.0.1:1/none'));
  const opened = HistoryReader.open(address, { clock: new AdjustableClock(), log: silent });
  await expect(opened).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
});
