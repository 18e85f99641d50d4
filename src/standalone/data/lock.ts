import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { environmentError, errorCode } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** The right to a data folder, until it is released or this process ends. */
export interface Lock {
  release(): Promise<void>;
}

const holderSchema = z.object({ pid: z.int().positive(), started: z.string().optional() });
const FILE = 'lock';

/**
 * Takes the lock of `folder` for this process. Rejects, naming the holder, while another process
 * has it; what a dead one left is taken over. Of several that try at once, one gets it.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, FILE);
  const mine = join(folder, `${FILE}.${process.pid}.${randomToken(6)}`);
  const text = `${JSON.stringify(await identifyProcess(process.pid))}\n`;
  await writeFile(mine, text, { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(mine, path))) await removeStale(folder, path);
  } finally {
    await rm(mine, { force: true });
  }
  return {
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

async function removeStale(folder: string, path: string): Promise<void> {
  const text = await readText(path);
  if (text === undefined) return;
  const holder = readHolder(text);
  if (holder && (await isRunning(holder))) {
    throw environmentError(
      'DATA_FOLDER_IN_USE',
      `the data folder ${folder} is in use by another standalone (process ${holder.pid}); stop that one, or choose another folder with --data`,
    );
  }
  // Only one process can move this very file away. Should another have put its own lock here
  // meanwhile, it gets that back.
  const aside = join(folder, `${FILE}.stale.${randomToken(6)}`);
  if (!(await renamed(path, aside))) return;
  if ((await readText(aside)) !== text) await linked(aside, path);
  await rm(aside, { force: true });
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
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
