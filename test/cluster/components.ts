import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage } from '../../src/lib/errors.ts';
import { randomToken } from '../../src/lib/random.ts';
import { type Lock, lockFolder } from '../../src/standalone/data/lock.ts';
import { buildComponent } from './build-component.ts';
import { componentHash } from './component-hash.ts';
import { COMPONENTS, type ComponentName } from './component-list.ts';
import type { WorkOptions } from './work-options.ts';

/** Where each component's programs are: `join(paths.kube, 'kubectl')`. */
export type ComponentPaths = Readonly<Record<ComponentName, string>>;

/** The same for what a node is made of. */
export type NodePrograms = Omit<ComponentPaths, 'promtool'>;

/**
 * Resolves once the components are in the cache, and says where; builds what is missing, in the
 * given order. The cache is outside the repository, in a folder per state of the component's
 * module and flags: another version is another folder. Folders appear whole or not at all. Of
 * several runs at once, one builds and the others wait.
 */
export async function ensureComponents<Name extends ComponentName>(
  names: readonly Name[],
  options: WorkOptions,
): Promise<Pick<ComponentPaths, Name>> {
  const entries = await Promise.all(names.map(async (name) => [name, await pathOf(name)] as const));
  const missing = entries.filter(([, path]) => !existsSync(path));
  if (missing.length > 0) {
    const lock = await lockCache(options);
    try {
      await buildMissing(missing, options);
    } finally {
      await lock.release();
    }
  }
  return Object.fromEntries(entries) as Pick<ComponentPaths, Name>;
}

async function pathOf(name: ComponentName): Promise<string> {
  return join(cacheFolder(), `${name}-${await componentHash(name)}`);
}

/** Where builds and what is made from them are kept between runs: outside the repository. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'tenantbot-cluster');
}

type Place = readonly [name: ComponentName, path: string];

async function buildMissing(missing: readonly Place[], options: WorkOptions): Promise<void> {
  for (const [index, [name, path]] of missing.entries()) {
    // Whoever held the lock before may have built it.
    if (existsSync(path)) continue;
    const { minutes } = COMPONENTS[name];
    options.log(`building ${name} … (about ${minutes} min; ${index + 1} of ${missing.length})`);
    const partial = `${path}.partial-${randomToken(6)}`;
    try {
      await buildComponent(name, partial, options);
      await rename(partial, path);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
}

async function lockCache({ log, signal }: WorkOptions): Promise<Lock> {
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  for (let tries = 0; ; tries++) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (errorCode(error) !== 'DATA_FOLDER_IN_USE') throw error;
      if (tries === 0)
        log(`waiting for another run that builds components: ${errorMessage(error)}`);
    }
    await sleep(500, undefined, { signal });
  }
}
