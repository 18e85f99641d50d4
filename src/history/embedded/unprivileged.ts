import { chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { environmentError, errorCode } from '../../lib/errors.ts';

/** As whom a child process runs; as this one where it is empty. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** `nobody`, whom every Linux knows: initdb refuses a number that has no name. */
const NOBODY = 65_534;

/**
 * As whom Postgres may run with its data in `folder`: it refuses root, so root gives way to
 * whoever owns the folder, or to nobody. Sees to it that this account gets as far as `folder`
 * and the file at `program`, and rejects in words where it can't.
 */
export async function accountFor(folder: string, program: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const { uid, gid } = await owner(folder);
  const account = uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
  const home = dirname(folder);
  // What lies in the data folder is for its owner's eyes file by file.
  await chmod(home, (await stat(home)).mode | 0o001);
  for (const path of [folder, program]) await refuseImpassable(dirname(path), account.uid);
  return account;
}

async function owner(folder: string): Promise<Required<Account>> {
  try {
    return await stat(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { uid: 0, gid: 0 };
    throw error;
  }
}

async function refuseImpassable(folder: string, uid: number): Promise<void> {
  const { mode, uid: owner } = await stat(folder);
  const passable = owner === uid ? mode & 0o100 : mode & 0o001;
  if (passable === 0) {
    throw environmentError(
      'FOLDER_IMPASSABLE',
      `Postgres refuses to run as root, and as user ${uid} it may not pass through the folder ${folder}. Start this program as another user, or allow that with chmod o+x ${folder}`,
    );
  }
  if (folder !== dirname(folder)) await refuseImpassable(dirname(folder), uid);
}
