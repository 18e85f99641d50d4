import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { inputError } from '../../lib/errors.ts';
import { accessFault } from './file-list.ts';

/** Larger files are refused; a bot takes about a thousandth of this. */
export const MAX_MANIFEST_BYTES = 4 << 20;

/** The text of one manifest. Rejects with an input error, in words for its author. */
export async function readManifestText(path: string): Promise<string> {
  const bytes = await readBounded(path).catch((error: unknown) => {
    throw error instanceof Refused
      ? inputError('MANIFEST_REFUSED', error.message)
      : inputError('MANIFEST_UNREADABLE', accessFault(error), error);
  });
  return decode(bytes);
}

class Refused extends Error {}

async function readBounded(path: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a named pipe would wait for its other end.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Refused('is not a regular file');
    if (stats.size > MAX_MANIFEST_BYTES) {
      const megabytes = (stats.size / (1 << 20)).toFixed(1);
      throw new Refused(
        `is ${megabytes} MiB large, at most ${MAX_MANIFEST_BYTES >> 20} MiB are read; split it`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function decode(bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw inputError('MANIFEST_NOT_TEXT', 'is not a text file in UTF-8');
  }
  if (text.includes('\0')) {
    throw inputError('MANIFEST_NOT_TEXT', 'is not a text file: it has NUL characters');
  }
  return text;
}
