import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';

/** The folder that the program is in. */
export const ROOT = new URL('../../', import.meta.url);

/** The program's version. */
export function version(): string {
  const text = readFileSync(new URL('package.json', ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Whether kubectl has started this, as its plugin. */
export function isPlugin(): boolean {
  return basename(process.argv[1] ?? '').startsWith('kubectl');
}

/** Who runs this, as far as the machine knows. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a user may have no name.
    return String(process.getuid?.());
  }
}
