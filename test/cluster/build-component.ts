import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environmentError } from '../../src/lib/errors.ts';
import { moduleFolder } from './component-hash.ts';
import { COMPONENTS, type ComponentName, type Recipe } from './component-list.ts';
import { findGo } from './go.ts';
import { ensureSystemPackages } from './system-packages.ts';
import type { WorkOptions } from './work-options.ts';

const REPORT_EVERY_MS = 20_000;

/** Builds a component into `folder`, which it makes. Rejects with what the compiler said. */
export async function buildComponent(
  name: ComponentName,
  folder: string,
  options: WorkOptions,
): Promise<void> {
  const recipe = COMPONENTS[name];
  const go = await findGo(moduleFolder(name));
  await ensureSystemPackages(recipe.cgo ?? [], options);
  await mkdir(folder, { recursive: true });
  await goBuild({ name, go, args: buildArguments(recipe, folder) }, options);
  const { linkedTo } = recipe;
  if (linkedTo === undefined) return;
  for (const program of recipe.programs) await symlink(linkedTo, join(folder, program));
}

function buildArguments(recipe: Recipe, folder: string): string[] {
  const ldflags = ['-s', '-w', ...(recipe.ldflags ?? [])].join(' ');
  const tags = recipe.tags ? ['-tags', recipe.tags.join(',')] : [];
  const flags = ['-v', '-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', ldflags];
  return ['build', ...flags, ...tags, '-o', `${folder}/`, ...recipe.packages];
}

interface Build {
  readonly name: ComponentName;
  readonly go: string;
  readonly args: readonly string[];
}

async function goBuild({ name, go, args }: Build, { log, signal }: WorkOptions): Promise<void> {
  const child = spawn(go, args, {
    cwd: moduleFolder(name),
    env: {
      ...process.env,
      GOFLAGS: '',
      GOWORK: 'off',
      CGO_ENABLED: COMPONENTS[name].cgo ? '1' : '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): boolean => child.kill();
  signal?.addEventListener('abort', kill);
  const startedMs = performance.now();
  const minutes = (): string => `${((performance.now() - startedMs) / 60_000).toFixed(1)} min`;
  let compiled = 0;
  const progress = setInterval(
    () => log(`building ${name} … ${compiled} packages in ${minutes()}`),
    REPORT_EVERY_MS,
  );
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    // With -v, each compiled package is a line of its path alone.
    if (/^[\w./~-]+$/.test(line)) compiled++;
    else said.push(line);
  });
  try {
    const [code] = await once(child, 'close');
    signal?.throwIfAborted();
    if (code !== 0) throw buildFailed(name, said);
    log(`built ${name} in ${minutes()}`);
  } finally {
    clearInterval(progress);
    signal?.removeEventListener('abort', kill);
  }
}

function buildFailed(name: ComponentName, said: readonly string[]): Error {
  return environmentError(
    'COMPONENT_BUILD_FAILED',
    `building ${name} failed; mend what the compiler says, then start again:\n${said.slice(-30).join('\n')}`,
  );
}
