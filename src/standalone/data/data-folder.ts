import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { environmentError, errorCode, TenantBotError } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import { type Lock, lockFolder } from './lock.ts';

/**
 * Makes `folder` where it is missing (for its owner alone), sees that it can be written to, and
 * locks it. Rejects in words where any of that is not possible.
 */
export async function openDataFolder(folder: string): Promise<Lock> {
  try {
    await makeFolder(folder);
    const probe = join(folder, `probe.${randomToken(6)}`);
    await writeFile(probe, 'x', { flag: 'wx' });
    await rm(probe);
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof TenantBotError) throw error;
    throw environmentError(
      'DATA_FOLDER_UNUSABLE',
      `the data folder ${folder} can't be used: ${fault(error)}. Mend that, or choose another folder with --data`,
      error,
    );
  }
}

/**
 * Makes the folder and those above it. By hand: with `recursive`, `mkdir` never ends where the
 * system refuses every folder (below /proc). What is there already, a file too, is left to the
 * first write.
 */
async function makeFolder(folder: string): Promise<void> {
  if ((await made(folder)) || folder === dirname(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
}

/** False where the folder above is missing. */
async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST') throw error;
  }
  return true;
}

function fault(error: unknown): string {
  const code = errorCode(error);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this program may not write there';
    case 'EROFS':
      return 'it lies on a read-only disk';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file where a folder is needed';
    case undefined:
    default:
      return code ?? 'unknown error';
  }
}
