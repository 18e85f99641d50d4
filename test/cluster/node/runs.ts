import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../../../src/lib/errors.ts';
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from '../../../src/lib/process-identity.ts';
import type { NodePrograms } from '../components.ts';
import { removeCgroups } from './cgroups.ts';

/** What has to be cleared away after a node, kept in its state folder. */
export interface RunRecord {
  /** The program that started the node; without it the node is to go. */
  readonly owner: ProcessIdentity;
  /** Its PID 1, seen from outside; with it everything inside ends. */
  readonly init?: ProcessIdentity;
  /** The folders of the programs that it runs. */
  readonly programs?: NodePrograms;
  readonly cgroups: readonly string[];
}

const RECORD = 'run.json';

/** A new, empty state folder of a name of its own in `runs`, recorded as this process's. */
export async function makeRun(runs: string): Promise<{ name: string; state: string }> {
  if (/\s/.test(runs) || /^\/(run|var\/lib|var\/log|sys|proc)(\/|$)/.test(runs)) {
    throw environmentError(
      'NODE_FOLDER',
      `a node cannot have its state in ${runs}: the path may neither hold spaces nor lie in ` +
        '/run, /var/lib or /var/log, which the node has of its own. Name another folder.',
    );
  }
  const name = `tenantbot-node-${randomBytes(4).toString('hex')}`;
  const state = join(runs, name);
  await mkdir(state, { recursive: true });
  await writeRecord(state, {
    owner: await identifyProcess(process.pid),
    cgroups: [],
  });
  return { name, state };
}

/** The record of the node with that state folder. */
export async function readRecord(state: string): Promise<RunRecord> {
  return JSON.parse(await readFile(join(state, RECORD), 'utf8')) as RunRecord;
}

/** Changes the record of the node with that state folder. */
export async function updateRecord(state: string, change: Partial<RunRecord>): Promise<void> {
  await writeRecord(state, { ...(await readRecord(state)), ...change });
}

// Whole or not at all: another program may read it at any time.
async function writeRecord(state: string, record: RunRecord): Promise<void> {
  const path = join(state, RECORD);
  await writeFile(`${path}.new`, JSON.stringify(record));
  await rename(`${path}.new`, path);
}

/** Ends what is recorded in `state` and removes what it leaves behind, the folder last. */
export async function clearRun(state: string): Promise<void> {
  const { init, cgroups } = await readRecord(state);
  if (init && (await isRunning(init))) process.kill(init.pid, 'SIGKILL');
  await removeCgroups(cgroups);
  await rm(state, { recursive: true, force: true });
}

/** Clears away every run in `runs` whose owner has gone; resolves to their state folders. */
export async function clearDeadRuns(runs: string): Promise<string[]> {
  const cleared: string[] = [];
  for (const entry of await readdir(runs).catch(() => [])) {
    const state = join(runs, entry);
    if (await isInUse(state)) continue;
    await clearRun(state).catch(() => rm(state, { recursive: true, force: true }));
    cleared.push(state);
  }
  return cleared;
}

const BEING_MADE_MS = 10_000;

async function isInUse(state: string): Promise<boolean> {
  try {
    return await isRunning((await readRecord(state)).owner);
  } catch {
    // Without a record it is about to get one, or its maker died between two steps.
    const made = await stat(state).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs < BEING_MADE_MS;
  }
}
