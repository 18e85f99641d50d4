import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
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
  const hash = await hashInputs();
  const name = `${REPOSITORY}:${hash}`;
  const archive = join(folder, `${hash}.tar`);
  if (existsSync(archive)) {
    const now = new Date();
    await utimes(archive, now, now);
    return { name, archive };
  }
  const partial = `${archive}.${process.pid}`;
  try {
    await build(name, partial, options);
    await rename(partial, archive);
  } finally {
    await rm(partial, { force: true });
  }
  await removeOld(folder);
  return { name, archive };
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
    await runProgram([engine, 'build', ...args], { onLine: options.log });
    await runProgram([engine, 'save', `--output=${archive}`, name]);
    return;
  }
  await ensureSystemPackages(['buildah'], options);
  const folder = join(cacheFolder(), 'images/buildah');
  const buildah = await Buildah.in(folder, options);
  await ensureBase(buildah, join(cacheFolder(), 'images/base'), options);
  const how = ['--isolation=chroot', '--pull-never', '--layers', '--timestamp=0'];
  await buildah.run('bud', ...how, ...args);
  await buildah.run('push', '--quiet', name, `docker-archive:${archive}:${name}`);
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
