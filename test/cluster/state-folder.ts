import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from '../../src/lib/process-identity.ts';

const PREFIX = 'tenantbot-cluster-';

/** Where daemons note their pids, so that a later run can end what a dead one left. */
export const PID_FOLDER = 'pids';

/** A temporary folder that goes with this process, however that ends. */
export interface StateFolder {
  readonly path: string;
  /** Takes the folder away. The daemons in it must have ended. */
  remove(): Promise<void>;
}

// Its input ends with the process that holds the other end. Daemons may write until they are dead.
const JANITOR = 'read -r _; for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && break; sleep 0.2; done';

/** Makes a folder of this process's own, and ends what runs that died without a word left behind. */
export async function makeStateFolder(): Promise<StateFolder> {
  await sweep();
  const path = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await writeFile(join(path, 'owner'), JSON.stringify(await identifyProcess(process.pid)));
  await mkdir(join(path, PID_FOLDER));
  const janitor = spawn('sh', ['-c', JANITOR, 'janitor', path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const done = once(janitor, 'close');
  return {
    path,
    async remove() {
      janitor.stdin.end();
      await done;
    },
  };
}

async function sweep(): Promise<void> {
  const names = await readdir(tmpdir());
  const folders = names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(tmpdir(), name));
  for (const folder of folders) {
    const owner = await readOwner(folder);
    if (owner && !(await isRunning(owner))) await removeRemains(folder);
  }
}

/** By its file, else by its name: the file is written a moment after the folder is made. */
async function readOwner(folder: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'owner'), 'utf8')) as ProcessIdentity;
  } catch {
    const pid = new RegExp(`${PREFIX}(\\d+)-`).exec(folder)?.[1];
    return pid === undefined ? undefined : { pid: Number(pid) };
  }
}

async function removeRemains(folder: string): Promise<void> {
  const pids = await readdir(join(folder, PID_FOLDER)).catch(() => []);
  for (const pid of pids) if (await isDaemonOf(folder, pid)) process.kill(Number(pid), 'SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
}

/** Every daemon has its folder in its command line, which tells it from a later process. */
async function isDaemonOf(folder: string, pid: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes(`${folder}/`);
}
