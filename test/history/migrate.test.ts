import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../src/history/migrations/list.ts';
import type { Migration } from '../../src/history/migrations/migration.ts';
import { startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { makeDatabase, migrateDatabase, type TestDatabase } from './databases.ts';
import { SLOW } from './slow-migrations.ts';

const PROGRAM = fileURLToPath(new URL('migrate-program.ts', import.meta.url));
const ALL = MIGRATIONS.map(({ number }) => number);
const ONE: Migration = { number: 1, name: 'one', statements: ['create table one (a int)'] };
const TWO: Migration = { number: 2, name: 'two', statements: ['create table two (a int)'] };

/** The tables of ours, but for the one that remembers migrations. */
async function tables({ rows }: TestDatabase): Promise<unknown[]> {
  const found = await rows(
    "select tablename from pg_tables where schemaname = 'tenantbot' and tablename <> 'migrations' order by 1",
  );
  return found.map(({ tablename }) => tablename);
}

describe('migrate', () => {
  test('runs what has not run, once', async () => {
    const database = await makeDatabase();
    expect(await migrateDatabase(database, { migrations: [ONE] })).toEqual([1]);
    expect(await migrateDatabase(database, { migrations: [ONE, TWO] })).toEqual([2]);
    expect(await migrateDatabase(database, { migrations: [ONE, TWO] })).toEqual([]);
    expect(await tables(database)).toEqual(['one', 'two']);
  });

  test('runs everything on an empty database', async () => {
    const database = await makeDatabase();
    expect(await migrateDatabase(database)).toEqual(ALL);
    expect(await migrateDatabase(database)).toEqual([]);
  });

  test('goes as far as it is told, and never back', async () => {
    const database = await makeDatabase();
    const migrations = [ONE, TWO];
    expect(await migrateDatabase(database, { migrations, to: 1 })).toEqual([1]);
    expect(await migrateDatabase(database, { migrations, to: 2 })).toEqual([2]);
    await expect(migrateDatabase(database, { migrations, to: 1 })).rejects.toThrow(
      'the database is at migration 2, and migrations only go forward',
    );
    await expect(migrateDatabase(database, { migrations, to: 3 })).rejects.toThrow(
      '--to must be from 1 to 2, not 3',
    );
  });

  test('one that fails leaves nothing of itself, and those before stay', async () => {
    const database = await makeDatabase();
    const bad = { ...TWO, statements: [...TWO.statements, 'create table one (a int)'] };
    await expect(migrateDatabase(database, { migrations: [ONE, bad] })).rejects.toThrow(
      'relation "one" already exists',
    );
    expect(await tables(database)).toEqual(['one']);
    expect(await migrateDatabase(database, { migrations: [ONE, TWO] })).toEqual([2]);
  });

  test('several at once run each migration once', async () => {
    const database = await makeDatabase();
    const all = await Promise.all(
      Array.from({ length: 4 }, () => migrateDatabase(database, { migrations: SLOW })),
    );
    expect(all.flat().toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(await tables(database)).toEqual(['one', 'three', 'two']);
  });

  test('one killed half-way leaves nothing half-made, and the next one finishes', async () => {
    const database = await makeDatabase();
    await using program = await startScript(PROGRAM, {
      args: [database.url],
    });
    await waitFor('the midst of a migration', async () => {
      const found = await database.rows(
        "select 1 from pg_stat_activity where query = 'select pg_sleep(0.5)' and datname = current_database()",
      );
      return found.length > 0;
    });
    await program.stop('SIGKILL');
    expect(await tables(database)).toEqual(['one']);
    expect(await migrateDatabase(database, { migrations: SLOW })).toEqual([2]);
    expect(await tables(database)).toEqual(['one', 'three', 'two']);
  });

  test('refuses a database on which an edited migration ran', async () => {
    const database = await makeDatabase();
    await migrateDatabase(database, { migrations: [ONE] });
    const edited = { ...ONE, statements: ['create table one (a bigint)'] };
    await expect(migrateDatabase(database, { migrations: [edited, TWO] })).rejects.toThrow(
      /^migration 1 \(one\) is not what ran on this database at .*: it was edited since/,
    );
    expect(await tables(database)).toEqual(['one']);
  });

  test('refuses a database that is newer than the program', async () => {
    const database = await makeDatabase();
    await migrateDatabase(database, { migrations: [ONE, TWO] });
    await expect(migrateDatabase(database, { migrations: [ONE] })).rejects.toThrow(
      'the database has migration 2 (two), and this program knows 1: a newer tenantbot was here',
    );
  });

  test('needs no right to make schemas where an administrator made ours', async () => {
    const database = await makeDatabase();
    const { name, rows } = database;
    await rows(`create schema tenantbot authorization ${name}`, 'superuser');
    await rows(`alter database ${name} owner to postgres`, 'superuser');
    expect(await migrateDatabase(database)).toEqual(ALL);
  });

  test('ends when it is told to while another is at it', async () => {
    const database = await makeDatabase();
    const other = migrateDatabase(database, { migrations: SLOW });
    await waitFor('the first migration', async () => (await tables(database)).length > 0);
    const ending = new AbortController();
    const clock = {
      wallMs: () => 0,
      monotonicMs: () => 0,
      setTimer: () => {
        queueMicrotask(() => ending.abort(new Error('told to end')));
        return { cancel: () => undefined };
      },
    };
    await expect(
      migrateDatabase(database, { migrations: SLOW, clock }, ending.signal),
    ).rejects.toThrow('told to end');
    expect(await other).toEqual([1, 2]);
  });
});
