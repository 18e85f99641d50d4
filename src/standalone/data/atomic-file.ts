import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts `text` into the file at `path`, readable for its owner alone. Whatever happens meanwhile,
 * the file holds either all of the old text or all of the new one.
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const next = `${path}.tmp`;
  const file = await open(next, 'w', 0o600);
  try {
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
