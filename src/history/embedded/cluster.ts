import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { environmentError, errorCode } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import { Secret } from '../../lib/secret.ts';
import { LastWords } from './last-words.ts';
import type { Programs } from './programs.ts';
import type { Account } from './unprivileged.ts';

/** Name of the database in it, and of the role that owns that. */
export const OWNER = 'tenantbot';
const PASSWORD_FILE = 'tenantbot.password';

/** Where a cluster of databases lies, and who works on it. */
export interface ClusterOptions {
  readonly folder: string;
  readonly programs: Programs;
  readonly account: Account;
}

/**
 * Makes a cluster in `folder` unless there is one: with the database `tenantbot`, owned by a role
 * of that name, which alone may log in. It appears whole or not at all. Resolves to the role's
 * password. One of another major version is refused in words.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Secret> {
  const { folder, programs } = options;
  const version = await readText(join(folder, 'PG_VERSION'));
  if (version === undefined) {
    await refuseStrange(folder);
    await makeCluster(options);
  } else if (version !== programs.major) {
    throw environmentError(
      'EMBEDDED_POSTGRES_VERSION',
      `the history in ${folder} was made by Postgres ${version}, and this program comes with ${programs.major}, which can't read it. Move the folder away to begin anew; to keep it, dump it with a Postgres ${version} and load the dump into the new one`,
    );
  }
  const password = await readText(join(folder, PASSWORD_FILE));
  if (password !== undefined) return new Secret(password);
  throw environmentError(
    'EMBEDDED_POSTGRES_PASSWORD',
    `the password of the history in ${folder} is gone: there is no ${PASSWORD_FILE} there. Bring it back, or move the folder away to begin anew`,
  );
}

async function refuseStrange(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  if (files.length === 0) return;
  throw environmentError(
    'EMBEDDED_POSTGRES_STRANGE',
    `the folder ${folder} is meant for the history, and holds something else. Move that away`,
  );
}

async function makeCluster({ folder, programs, account }: ClusterOptions): Promise<void> {
  // Left by one that was killed.
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await give(draft, account);
  const locale = ['--encoding=UTF8', '--locale=C'];
  // The superuser has no password and no way in.
  await run([programs.initdb, '-D', draft, '-U', 'postgres', '--auth=reject', ...locale], account);
  await writeFile(
    join(draft, 'pg_hba.conf'),
    `host ${OWNER} ${OWNER} 127.0.0.1/32 scram-sha-256\n`,
  );
  const password = randomToken();
  const single = ['--single', '-j', '-D', draft, '-c', 'exit_on_error=on', 'postgres'];
  const statements = [
    `create role ${OWNER} login password '${password}'`,
    `create database ${OWNER} owner ${OWNER}`,
  ];
  await run(
    [programs.postgres, ...single],
    account,
    statements.map((one) => `${one};\n\n`).join(''),
  );
  await writeFile(join(draft, PASSWORD_FILE), password, { mode: 0o600 });
  await give(join(draft, PASSWORD_FILE), account);
  await rename(draft, folder);
}

async function give(path: string, { uid, gid }: Account): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Runs a program to its end; rejects with what it says where it fails. */
async function run(
  [program = '', ...args]: readonly string[],
  account: Account,
  input = '',
): Promise<void> {
  const child = spawn(program, args, {
    ...account,
    // The current folder may be closed to that account.
    cwd: dirname(program),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const words = new LastWords();
  words.listen(child.stderr);
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  throw environmentError(
    'EMBEDDED_POSTGRES_FAILED',
    `no database for the history can be made: ${String(words)}`,
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
