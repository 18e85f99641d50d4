import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/history/database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../../src/history/database-address.ts';
import { startEmbedded } from '../../src/history/embedded/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from '../../src/lib/process-identity.ts';
import { Secret } from '../../src/lib/secret.ts';
import { startScript } from '../support/program.ts';
import { tenantbot } from '../support/tenantbot.ts';

const PROGRAM = fileURLToPath(new URL('embedded-program.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

/** One data folder for all of these: to make it is what takes time. */
let data: string;
let folder: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tenantbot-embedded-'));
  folder = join(data, 'postgres');
  const { address, stop } = await start();
  await query(address, 'create table kept (a int)');
  await stop();
});
afterAll(() => rm(data, { recursive: true, force: true }));

const start = (at = folder, signal = AbortSignal.timeout(30_000)) =>
  startEmbedded(at, systemClock, signal);

async function query<Row>(address: DatabaseAddress, text: string): Promise<readonly Row[]> {
  const database = await openDatabase(address);
  try {
    const { rows } = await sql.raw<Row>(text).execute(database);
    return rows;
  } finally {
    await database.destroy();
  }
}

/** The server that works in the folder. */
async function server(): Promise<ProcessIdentity> {
  const [pid] = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n', 1);
  return identifyProcess(Number(pid));
}

/** Lays a file of another content in place of one, for as long as `work` takes. */
async function withFile(name: string, content: string | undefined, work: () => Promise<void>) {
  const path = join(folder, name);
  const before = await readFile(path);
  if (content === undefined) await rm(path);
  else await writeFile(path, content);
  try {
    await work();
  } finally {
    await writeFile(path, before);
    await chmod(path, 0o644);
  }
}

describe('the embedded Postgres', () => {
  test('keeps what it was given from one run to the next, and ends with its owner', async () => {
    const { address, stop } = await start();
    expect(await query(address, 'select * from kept')).toEqual([]);
    const process = await server();
    await stop();
    expect(await isRunning(process)).toBe(false);
  });

  test('listens on loopback alone, for one role that is no superuser, with a password', async () => {
    const { address, stop } = await start();
    try {
      const [row] = await query(address, "select current_setting('is_superuser') as super");
      expect(row).toEqual({ super: 'off' });
      const { mode } = await stat(join(folder, 'tenantbot.password'));
      expect(mode & 0o777).toBe(0o600);
      const altered = (alter: (url: URL) => unknown): Promise<unknown> => {
        const url = new URL(address.url.reveal());
        alter(url);
        return openDatabase(parseDatabaseUrl(new Secret(url.href)));
      };
      const refused = 'it refuses the login';
      await expect(altered((url) => (url.password = 'wrong'))).rejects.toThrow(refused);
      await expect(altered((url) => (url.username = 'postgres'))).rejects.toThrow(refused);
      await expect(altered((url) => (url.pathname = '/postgres'))).rejects.toThrow(refused);
      const elsewhere = altered((url) => (url.hostname = '127.0.0.2'));
      await expect(elsewhere).rejects.toThrow('it does not answer');
    } finally {
      await stop();
    }
  });

  test.runIf(isRoot)('runs as somebody else where it is started by root', async () => {
    const { stop } = await start();
    const { pid } = await server();
    const { uid } = await stat(`/proc/${pid}`);
    await stop();
    expect(uid).not.toBe(0);
    expect((await stat(folder)).uid).toBe(uid);
  });

  test('one that outlived its owner is ended, and its data is there', async () => {
    const program = await startScript(PROGRAM, { args: [folder], until: /ready:/ });
    const orphan = await server();
    await program.stop('SIGKILL');
    expect(await isRunning(orphan)).toBe(true);

    const { address, stop } = await start();
    expect(await isRunning(orphan)).toBe(false);
    expect(await query(address, 'select * from kept')).toEqual([]);
    await stop();
  });

  test('one that was killed itself is started again', async () => {
    const before = await start();
    process.kill((await server()).pid, 'SIGKILL');
    const { address, stop } = await start();
    expect(await query(address, 'select * from kept')).toEqual([]);
    await stop();
    await before.stop();
  });

  test('a process that only has the number of an earlier server is left alone', async () => {
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore', ...(isRoot ? nobody : {}) });
    try {
      const text = `${bystander.pid}\n${folder}\n1\n1\n\n\n0 0\n`;
      await writeFile(join(folder, 'postmaster.pid'), text);
      const { stop } = await start();
      await stop();
      expect(bystander).toMatchObject({ exitCode: null, signalCode: null });
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  test.runIf(isRoot)('needs no root', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tenantbot-embedded-'));
    await chown(home, nobody.uid, nobody.gid);
    const args = [join(home, 'postgres')];
    try {
      await using program = await startScript(PROGRAM, { args, ...nobody, until: /ready:/ });
      expect((await program.stop()).code).toBe(0);
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test.runIf(isRoot)('says which folder keeps it from its data', async () => {
    const closed = join(data, 'closed');
    await mkdir(join(closed, 'data'), { recursive: true });
    await chmod(closed, 0o700);
    await expect(start(join(closed, 'data', 'postgres'))).rejects.toThrow(
      `as user 65534 it may not pass through the folder ${closed}. Start this program as another user`,
    );
  });

  test('ends when it is told to while it starts', async () => {
    const ending = new AbortController();
    const starting = start(folder, ending.signal);
    ending.abort(new Error('told to end'));
    await expect(starting).rejects.toThrow('told to end');
    await expect(server()).rejects.toThrow('ENOENT');
  });

  test('refuses what another major version made', async () => {
    await withFile('PG_VERSION', '14\n', async () => {
      await expect(start()).rejects.toThrow(
        /was made by Postgres 14, and this program comes with \d+, which can't read it\. Move/,
      );
    });
  });

  test('says so where the password is gone', async () => {
    await withFile('tenantbot.password', undefined, async () => {
      await expect(start()).rejects.toThrow('the password of the history in');
    });
  });

  test('says why it does not start', async () => {
    await withFile('postgresql.conf', 'nonsense = here\n', async () => {
      await expect(start()).rejects.toThrow(/can't be started: .*postgresql.conf/);
    });
  });

  test('leaves alone what else lies there', async () => {
    const other = join(data, 'other');
    await mkdir(other);
    await writeFile(join(other, 'mine.txt'), 'mine');
    await expect(start(other)).rejects.toThrow('and holds something else. Move that away');
    expect(await readFile(join(other, 'mine.txt'), 'utf8')).toBe('mine');
  });

  test('what a killed start left half-made is made anew', async () => {
    const half = join(data, 'half');
    await mkdir(`${half}.new`);
    await writeFile(join(`${half}.new`, 'PG_VERSION'), '18');
    const { stop } = await start(half);
    await stop();
  });
});

describe('tenantbot migrate --data', () => {
  test('migrates the database of a data folder, and leaves nothing running', async () => {
    const first = await tenantbot(data, 'migrate', '--data', data);
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('ran 1 tables') });
    const again = await tenantbot(data, 'migrate', '--data', '.');
    expect(again.out).toContain('nothing to run');
    await expect(server()).rejects.toThrow('ENOENT');
  });
});
