import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environmentError } from '../../src/lib/errors.ts';
import { moduleFolder } from './component-hash.ts';
import { COMPONENTS, type ComponentName, type Recipe } from './component-list.ts';
import type { WorkOptions } from './components.ts';
import { findGo } from './go.ts';
import { ensureSystemPackages } from './system-packages.ts';

const REPORT_EVERY_MS = 20_000;

/** Builds a component into `folder`, which it makes. Rejects with what the compiler said. */
export async function buildComponent(
  name: ComponentName,
  folder: string,
  options: WorkOptions,
): Promise<void> {
  const recipe = COMPONENTS[name];
  const go = await findGo();
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
    signal,
  });
  const closed = once(child, 'close');
  const startedMs = performance.now();
  const minutes = (): string => `${((performance.now() - startedMs) / 60_000).toFixed(1)} min`;
  let compiled = 0;
  const progress = setInterval(
    () => log(`building ${name} … ${compiled} packages in ${minutes()}`),
    REPORT_EVERY_MS,
  );
  const said: string[] = [];
  try {
    // With -v, each compiled package is a line of its path alone.
    for await (const line of createInterface({ input: child.stderr })) {
      if (/^[\w./~-]+$/.test(line)) compiled++;
      else said.push(line);
    }
    const [code] = await closed;
    if (code !== 0) throw buildFailed(name, said);
    log(`built ${name} in ${minutes()}`);
  } finally {
    clearInterval(progress);
  }
}

function buildFailed(name: ComponentName, said: readonly string[]): Error {
  return environmentError(
    'COMPONENT_BUILD_FAILED',
    `building ${name} failed; mend what the compiler says, then start again:\n${said.slice(-30).join('\n')}`,
  );
}
