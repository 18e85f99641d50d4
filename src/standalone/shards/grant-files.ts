import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GrantStore, grantConflict, type StoredText } from '../../coordinator/table.ts';
import { errorCode } from '../../lib/errors.ts';
import { writeFileAtomically } from '../data/atomic-file.ts';

/**
 * Keeps the table of a fleet's grants in `folder`: a file for each version, `<fleet>.<version>.json`,
 * of which the highest counts and the others are taken away. A version is made by a link, which
 * fails where there is one of that name; so of several processes that write upon the same version
 * one alone succeeds, whatever they believe of each other.
 */
export function grantFiles(folder: string, fleet: string): GrantStore {
  const pathOf = (version: number): string => join(folder, `${fleet}.${version}.json`);

  async function versions(): Promise<number[]> {
    const names = await readdir(folder).catch(ifMissing<string[]>([]));
    return names.flatMap((name) => {
      const [, of, version] = /^([^.]+)\.(\d+)\.json$/.exec(name) ?? [];
      return of === fleet ? [Number(version)] : [];
    });
  }

  async function newest(): Promise<number> {
    return Math.max(0, ...(await versions()));
  }

  return {
    async read(signal): Promise<StoredText | undefined> {
      for (;;) {
        signal.throwIfAborted();
        const version = await newest();
        if (version === 0) return undefined;
        const text = await readFile(pathOf(version), 'utf8').catch(ifMissing<undefined>(undefined));
        // Else a newer one has just taken its place.
        if (text !== undefined) return { text, version: String(version) };
      }
    },
    async write(text, version = '0'): Promise<string> {
      const next = Number(version) + 1;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = join(folder, `${fleet}.${randomUUID()}.draft`);
      try {
        await writeFileAtomically(draft, text);
        await link(draft, pathOf(next)).catch((error: unknown) => {
          throw errorCode(error) === 'EEXIST' ? grantConflict(error) : error;
        });
      } finally {
        await rm(draft, { force: true });
      }
      const all = await versions();
      // Those below the newest are taken away, so the name may have been free for that reason.
      if (Math.max(...all) > next) {
        await rm(pathOf(next), { force: true });
        throw grantConflict();
      }
      for (const old of all) if (old < next) await rm(pathOf(old), { force: true });
      return String(next);
    },
  };
}

function ifMissing<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return value;
    throw error;
  };
}
