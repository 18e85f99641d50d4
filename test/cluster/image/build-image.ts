import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../../src/lib/errors.ts';
import { type Lock, lockFolder } from '../../../src/standalone/data/lock.ts';
import { waitFor } from '../../support/wait.ts';
import { cacheFolder } from '../components.ts';
import { runProgram } from '../node/run-program.ts';
import { ensureSystemPackages } from '../system-packages.ts';
import type { WorkOptions } from '../work-options.ts';
import { ensureBase } from './base.ts';
import { Buildah } from './buildah.ts';
import { CONTEXT, hashInputs } from './inputs.ts';
import { npmAccess } from './npm-access.ts';

/** The project's image. */
export interface BuiltImage {
  /** Its full name; the tag changes with anything that it is made from. */
  readonly name: string;
  /** The path of an archive that holds it, for `ctr images import` or `docker load`. */
  readonly archive: string;
}

const REPOSITORY = 'tenantbot.dev/tenantbot';
const KEPT_ARCHIVES = 3;

/**
 * The image that the project's `Dockerfile` gives for the sources as they are. Built by docker or
 * podman where one of them works, else by buildah, which takes root; taken from the cache where
 * nothing has changed.
 */
export async function buildImage(options: WorkOptions): Promise<BuiltImage> {
  const folder = join(cacheFolder(), 'images');
  await mkdir(folder, { recursive: true });
  const lock = await waitFor('the build of another run', () => takeLock(folder), LONG);
  try {
    // Twelve digits alone, or with one e among them, would be a number to who reads YAML.
    const tag = `src-${await hashInputs()}`;
    const name = `${REPOSITORY}:${tag}`;
    const archive = join(folder, `${tag}.tar`);
    if (existsSync(archive)) {
      const now = new Date();
      await utimes(archive, now, now);
    } else {
      const partial = join(folder, 'partial');
      await rm(partial, { force: true });
      await build(name, partial, options);
      await rename(partial, archive);
      await removeOld(folder);
    }
    return { name, archive };
  } finally {
    await lock.release();
  }
}

const LONG = { timeoutMs: 30 * 60_000, intervalMs: 500 };

async function takeLock(folder: string): Promise<Lock | undefined> {
  try {
    return await lockFolder(folder);
  } catch (error) {
    if (errorCode(error) === 'DATA_FOLDER_IN_USE') return undefined;
    throw error;
  }
}

async function build(name: string, archive: string, options: WorkOptions): Promise<void> {
  const args = [
    '--build-arg=SOURCE_DATE_EPOCH=0',
    ...(await npmAccess()),
    `--tag=${name}`,
    CONTEXT,
  ];
  const engine = await workingEngine();
  options.log(`building the image ${name} with ${engine ?? 'buildah'} …`);
  if (engine) {
    await runProgram([engine, 'build', ...args], { onLine: stepsTo(options.log) });
    await runProgram([engine, 'save', `--output=${archive}`, name]);
    return;
  }
  await ensureSystemPackages(['buildah'], options);
  const folder = join(cacheFolder(), 'images/buildah');
  await removeLargeStore(folder);
  const buildah = await Buildah.in(folder, stepsTo(options.log));
  await ensureBase(buildah, join(cacheFolder(), 'images/base'), options);
  const how = ['--isolation=chroot', '--pull-never', '--layers', '--timestamp=0'];
  await buildah.run('bud', ...how, ...args);
  await buildah.run('push', '--quiet', name, `docker-archive:${archive}:${name}`);
}

// The steps are enough to see that it goes on; what goes wrong is in the error.
function stepsTo(log: WorkOptions['log']): WorkOptions['log'] {
  return (line) => {
    const step = /STEP .*|^#\d+ \[.*/.exec(line)?.[0];
    if (step) log(step.slice(0, 100));
  };
}

async function workingEngine(): Promise<'docker' | 'podman' | undefined> {
  for (const engine of ['docker', 'podman'] as const) {
    try {
      await runProgram([engine, 'info']);
      return engine;
    } catch {
      // Not there, or without its daemon.
    }
  }
  return undefined;
}

const MAX_STORED_STEPS = 400;

// Every step of every build stays in the store for the builds that follow, and nothing else ends it.
async function removeLargeStore(folder: string): Promise<void> {
  const steps = await readdir(join(folder, 'root/overlay-images')).catch(() => []);
  if (steps.length > MAX_STORED_STEPS) await rm(folder, { recursive: true, force: true });
}

async function removeOld(folder: string): Promise<void> {
  const archives = (await readdir(folder)).filter((file) => file.endsWith('.tar'));
  const dated = await Promise.all(
    archives.map(async (file) => {
      const path = join(folder, file);
      return { path, used: (await stat(path)).mtimeMs };
    }),
  );
  const newestFirst = dated.toSorted((one, other) => other.used - one.used);
  for (const { path } of newestFirst.slice(KEPT_ARCHIVES)) await rm(path, { force: true });
}
