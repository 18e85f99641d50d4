import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runMigrate } from '../../src/cli/commands/migrate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { errorMessage } from '../../src/lib/errors.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { Secret } from '../../src/lib/secret.ts';
import { startProgram } from '../support/program.ts';
import { TENANTBOT } from '../support/tenantbot.ts';
import { makeDatabase, type TestDatabase } from './databases.ts';
import { startPostgres } from './postgres-server.ts';

const OLDEST = '/usr/lib/postgresql/15/bin';

interface Asked {
  readonly status?: boolean;
  readonly to?: number;
}

/** What `tenantbot migrate` prints for `url`; the words where it fails. */
async function migrate(url: string, { status = false, to }: Asked = {}): Promise<string> {
  const lines: string[] = [];
  const io = { out: (line: string) => void lines.push(line), err: () => undefined };
  const request = { status, to, clock: systemClock };
  const signal = AbortSignal.timeout(20_000);
  try {
    await runMigrate({ databaseUrl: new Secret(url), data: 'unused' }, request, { io, signal });
  } catch (error) {
    lines.push(errorMessage(error));
  }
  return lines.join('\n');
}

/** `url` with something else about it. */
function altered(url: string, alter: (url: URL) => void): string {
  const other = new URL(url);
  alter(other);
  return other.href;
}

/** Has the role of `database` find functions of ours where it looks for Postgres's. */
async function disguise({ name, rows }: TestDatabase, ...functions: readonly string[]) {
  await rows('create schema disguise');
  for (const one of functions) await rows(`create function disguise.${one}`);
  await rows(`alter role ${name} set search_path = disguise, pg_catalog`);
}

describe('tenantbot migrate', () => {
  test('says what it does and what there is to do', async () => {
    const { url, name } = await makeDatabase();
    expect(await migrate(url, { status: true })).toMatch(/^NUMBER +NAME +RAN\n1 +tables +to run\n/);
    expect(await migrate(url, { to: 1 })).toMatch(`ran 1 tables\n${name} on 127.0.0.1:`);
    expect(await migrate(url, { to: 1 })).toMatch(/: nothing to run$/);
    expect(await migrate(url, { status: true })).toMatch(
      /1 +tables +\d{4}-\d\d-\d\dT.*\n2 +\w+ +to run/,
    );
    expect(await migrate(url, { to: 9 })).toMatch(/^--to must be from 1 to \d, not 9$/);
  });

  test('takes its database from the environment, and never prints the password', async () => {
    const database = await makeDatabase();
    const run = async (url: string) => {
      const program = await startProgram([process.execPath, TENANTBOT, 'migrate'], {
        env: { TENANTBOT_DATABASE_URL: url },
      });
      const { code } = await program.exited;
      return { code, output: program.output };
    };
    const good = await run(database.url);
    expect(good).toMatchObject({ code: 0, output: expect.stringContaining('ran 1 tables') });
    const bad = await run(database.url.replace('secret-of', 'not-the-secret-of'));
    expect(bad).toMatchObject({ code: 1, output: expect.stringContaining('refuses the login') });
    expect(good.output + bad.output).not.toContain('secret-of');
  });

  test('runs on the oldest version that is supported', async ({ skip }) => {
    if (!existsSync(OLDEST)) skip('there is none on this machine');
    const server = await startPostgres(OLDEST);
    onTestFinished(() => server.stop());
    const { url } = await makeDatabase(server.url);
    expect(await migrate(url)).toContain('ran 1 tables');
  });
});

describe('in words', () => {
  test('nobody listens', async () => {
    const port = await freePort();
    expect(await migrate(`postgres://me:secret@127.0.0.1:${port}/bots`)).toBe(
      `the database bots on 127.0.0.1:${port}: it does not answer. Check host and port, and that the server runs and may be reached from here`,
    );
  });

  test('no such host', async () => {
    const words = await migrate('postgres://me:secret@nobody.invalid/bots');
    expect(words).toMatch(/^the database bots on nobody.invalid:5432: its host /);
  });

  test('a wrong password, and none', async () => {
    const { url } = await makeDatabase();
    for (const password of ['wrong', '']) {
      const words = await migrate(altered(url, (it) => (it.password = password)));
      expect(words).toContain('it refuses the login. Check user and password in the URL');
    }
  });

  test('no such database', async () => {
    const { url } = await makeDatabase();
    const words = await migrate(altered(url, (it) => (it.pathname = '/nothing')));
    expect(words).toContain('there is no such database. Make it with CREATE DATABASE');
  });

  test('no TLS where TLS is asked for', async () => {
    const { url } = await makeDatabase();
    const words = await migrate(`${url}?sslmode=require`);
    expect(words).toContain('it offers no TLS. Switch that on there, or add sslmode=disable');
  });

  test('a CA that is not there', async () => {
    const { url } = await makeDatabase();
    const words = await migrate(`${url}?sslmode=verify-full&sslrootcert=/nothing.pem`);
    expect(words).toContain("the file /nothing.pem can't be read");
  });

  test('one that can only be read', async () => {
    const { url, name, rows } = await makeDatabase();
    await rows(`alter role ${name} set default_transaction_read_only = on`);
    expect(await migrate(url)).toContain('it can only be read. Give the address of the primary');
    expect(await migrate(url, { status: true })).toContain('to run');
  });

  test('one with no connection left', async () => {
    const { url, name, rows } = await makeDatabase();
    await rows(`alter role ${name} connection limit 0`, 'superuser');
    expect(await migrate(url)).toContain('it has no connection left. Raise max_connections');
  });

  test('one where the user may not make anything', async () => {
    const { url, name, rows } = await makeDatabase();
    await rows(`alter database ${name} owner to postgres`, 'superuser');
    expect(await migrate(url)).toContain('the user of the URL may not do that. It has to own');
  });

  test('a newer one', async () => {
    const { url, rows } = await makeDatabase();
    await migrate(url);
    await rows("insert into tenantbot.migrations values (99, 'of tomorrow', 'x')");
    const words = 'the database has migration 99 (of tomorrow), and this program knows ';
    expect(await migrate(url)).toContain(words);
    expect(await migrate(url, { status: true })).toContain(words);
  });

  test('one that is too old', async () => {
    const database = await makeDatabase();
    await disguise(
      database,
      "version() returns text return 'PostgreSQL 14.5 on a disk'",
      "current_setting(text) returns text return '140005'",
    );
    expect(await migrate(database.url)).toMatch(
      /is PostgreSQL 14\.5; Postgres 15 or newer is needed$/,
    );
  });

  test('one that only speaks like Postgres', async () => {
    const database = await makeDatabase();
    await disguise(database, "version() returns text return 'CockroachDB CCL v25'");
    expect(await migrate(database.url)).toMatch(/is not Postgres$/);
  });

  test('a server of something else', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    for (const mode of ['disable', 'require']) {
      const words = await migrate(`postgres://me@127.0.0.1:${port}/bots?sslmode=${mode}`);
      expect(words).toContain(
        'it broke off the connection. Check that what listens there is Postgres',
      );
    }
  });
});
