import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { environmentError, errorCode } from '../../lib/errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../lib/process-identity.ts';
import { randomToken } from '../../lib/random.ts';

/** The right to a data folder, until it is released or this process ends. */
export interface Lock {
  /** Whether the lock is there as it was taken, at this very moment. */
  holds(): boolean;
  release(): Promise<void>;
}

const holderSchema = z.object({ pid: z.int().positive(), started: z.string().optional() });

/**
 * Takes the lock of `folder` for this process. Rejects, naming the holder, while another process
 * has it; what a dead one left is taken over. Of several that try at once, at most one gets it.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const identity = await identifyProcess(process.pid);
  return acquire(join(folder, 'lock'), { folder, identity });
}

/** Who has the lock of `folder` and is running; undefined where nobody has. */
export async function lockHolder(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readText(join(folder, 'lock'));
  const holder = text === undefined ? undefined : readHolder(text);
  return holder && (await isRunning(holder)) ? holder : undefined;
}

interface Claim {
  readonly folder: string;
  readonly identity: ProcessIdentity;
}

/**
 * The lock is the file at `path`. A stale one is replaced, never taken away, and only by whoever
 * holds the lock that is named after its text. So nobody can replace a lock that has replaced the
 * stale one meanwhile, and a process that dies in the middle leaves a stale lock like any other.
 */
async function acquire(path: string, claim: Claim): Promise<Lock> {
  const text = `${JSON.stringify({ ...claim.identity, nonce: randomToken(12) })}\n`;
  const mine = `${path}.${randomToken(6)}`;
  await writeFile(mine, text, { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(mine, path))) {
      const found = await readText(path);
      if (found === undefined) continue;
      await refuseWhileRunning(found, claim.folder);
      const turn = await acquire(`${path}.${fingerprint(found)}`, claim);
      try {
        if ((await readText(path)) !== found) continue;
        await rename(mine, path);
        break;
      } finally {
        await turn.release();
      }
    }
  } finally {
    await rm(mine, { force: true });
  }
  return {
    holds: () => readNow(path) === text,
    async release() {
      if ((await readText(path)) === text) await rm(path, { force: true });
    },
  };
}

/** Unlike writing to a file opened exclusively, a link appears whole or not at all. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function refuseWhileRunning(text: string, folder: string): Promise<void> {
  const holder = readHolder(text);
  if (!holder || !(await isRunning(holder))) return;
  throw environmentError(
    'DATA_FOLDER_IN_USE',
    `the data folder ${folder} is in use by another standalone (process ${holder.pid}); stop that one, or choose another folder with --data`,
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Undefined where the text is no lock of ours: nobody can hold it. */
function readHolder(text: string): ProcessIdentity | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
