import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts `text` into the file at `path`, readable for its owner alone unless `mode` says otherwise.
 * Whatever happens meanwhile, the file holds either all of the old text or all of the new one.
 */
export async function writeFileAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  const next = `${path}.tmp`;
  const file = await open(next, 'w', mode);
  try {
    // What is asked for is not what a file gets that is there, or that a umask is for.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
