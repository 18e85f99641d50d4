import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPONENTS, type ComponentName } from './component-list.ts';

/** The folder of a component's module. */
export function moduleFolder(name: ComponentName): string {
  return join(import.meta.dirname, 'components', name);
}

/** Another one for every change of the component's module, its recipe or the platform. */
export async function componentHash(name: ComponentName): Promise<string> {
  const folder = moduleFolder(name);
  const hash = createHash('sha256');
  hash.update(JSON.stringify([COMPONENTS[name], process.platform, process.arch]));
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  for (const path of paths.toSorted()) {
    hash.update(JSON.stringify([path.slice(folder.length), await readFile(path, 'utf8')]));
  }
  return hash.digest('hex').slice(0, 16);
}
