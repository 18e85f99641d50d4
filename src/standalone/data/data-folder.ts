import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, errorCode, TenantBotError } from '../../lib/errors.ts';
import { randomToken } from '../../lib/random.ts';
import { type Lock, lockFolder } from './lock.ts';

/**
 * Makes `folder` where it is missing (for its owner alone), sees that it can be written to, and
 * locks it. Rejects in words where any of that is not possible.
 */
export async function openDataFolder(folder: string): Promise<Lock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
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
