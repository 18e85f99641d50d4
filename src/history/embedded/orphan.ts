import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../lib/clock.ts';
import { environmentError, errorCode } from '../../lib/errors.ts';
import { identifyProcess, isRunning } from '../../lib/process-identity.ts';

/** How Postgres is told to end, and how long it may take: in order, then at once. */
const WAYS = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
] as const;
const LOOK_EVERY_MS = 10;

/**
 * Ends a server that works on the data in `folder` and outlived whoever started it. Whoever calls
 * this has the data folder to himself, so nobody else wants it.
 */
export async function endOrphan(folder: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const pid = await orphanOf(folder);
  if (pid === undefined) return;
  const orphan = await identifyProcess(pid);
  for (const [how, withinMs] of WAYS) {
    const deadlineMs = clock.monotonicMs() + withinMs;
    if (await isRunning(orphan)) process.kill(pid, how);
    while (await isRunning(orphan)) {
      if (clock.monotonicMs() > deadlineMs) break;
      await sleep(clock, LOOK_EVERY_MS, signal);
    }
    if (!(await isRunning(orphan))) return;
  }
  throw environmentError(
    'EMBEDDED_POSTGRES_ORPHAN',
    `a Postgres of an earlier run (process ${pid}) still works on ${folder} and does not end. End it, then try again`,
  );
}

/**
 * The server that the pid file names, if it is that: it works in the folder. Where the number is
 * somebody else's by now, the file goes, since Postgres would take him for a server of its own.
 * A machine that does not tell leaves both to Postgres.
 */
async function orphanOf(folder: string): Promise<number | undefined> {
  const file = join(folder, 'postmaster.pid');
  const pid = await readPid(file);
  const place = pid === undefined ? undefined : await readlink(`/proc/${pid}/cwd`).catch(errorCode);
  if (place === undefined || place === 'ENOENT') return undefined;
  if (place === (await realpath(folder))) return pid;
  await rm(file, { force: true });
  return undefined;
}

async function readPid(file: string): Promise<number | undefined> {
  try {
    const [line] = (await readFile(file, 'utf8')).split('\n', 1);
    return Number(line);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
