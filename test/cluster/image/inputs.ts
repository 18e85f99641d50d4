import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The repository, which is the context of the image's build. */
export const CONTEXT = join(import.meta.dirname, '../../..');

/** What the image is made from: the Dockerfile, and what it copies. */
const INPUTS = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'bin',
  'crds',
  'package.json',
  'package-lock.json',
  'scripts/build-page.mjs',
  'src',
  'tsconfig.json',
  'tsconfig.build.json',
] as const;

/** Twelve hex digits that change with anything that the image is made from. */
export async function hashInputs(): Promise<string> {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of await filesOf(input)) {
      hash
        .update(`${file}\0`)
        .update(await readFile(join(CONTEXT, file)))
        .update('\0');
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** The files at or below `path` of the repository, in a fixed order. */
async function filesOf(path: string): Promise<string[]> {
  if ((await stat(join(CONTEXT, path))).isFile()) return [path];
  const entries = await readdir(join(CONTEXT, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(CONTEXT.length + 1))
    .toSorted();
}
