import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../src/lib/errors.ts';
import { runProgram } from '../node/run-program.ts';
import { ensureSystemPackages } from '../system-packages.ts';
import type { WorkOptions } from '../work-options.ts';
import type { Buildah } from './buildah.ts';

/** The image that the project's Dockerfile starts from. */
export const BASE_IMAGE = 'docker.io/library/node:24-slim';

/**
 * Makes sure that buildah's store holds the base image: from its registry, or where that cannot be
 * reached a stand-in made of the same parts, from Debian's and npm's packages: a minimal Debian
 * with Node 24 and npm. `folder` keeps those parts.
 */
export async function ensureBase(
  buildah: Buildah,
  folder: string,
  options: WorkOptions,
): Promise<void> {
  if (await buildah.has(BASE_IMAGE)) return;
  try {
    await buildah.run('pull', '--quiet', BASE_IMAGE);
  } catch (error) {
    options.log(
      `cannot pull ${BASE_IMAGE} (${errorMessage(error).slice(-200)}); making one like it from packages`,
    );
    await makeStandIn(buildah, await standInParts(folder, options));
  }
}

interface Parts {
  /** A tar archive of the root file system. */
  readonly system: string;
  /** A folder that is laid over it. */
  readonly node: string;
}

async function standInParts(folder: string, options: WorkOptions): Promise<Parts> {
  await mkdir(folder, { recursive: true });
  const system = join(folder, 'system.tar');
  if (!existsSync(system)) {
    await ensureSystemPackages(['mmdebstrap'], options);
    options.log('fetching a minimal Debian … (about 40 s)');
    const left = ['doc', 'man', 'locale', 'info'].map(
      (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
    );
    const partial = join(folder, 'partial.tar');
    await runProgram(['mmdebstrap', '--quiet', '--variant=minbase', ...left, 'bookworm', partial]);
    await rename(partial, system);
  }
  const node = join(folder, 'node');
  if (!existsSync(node)) {
    options.log('fetching Node 24 and npm …');
    const partial = join(folder, 'node.partial');
    await rm(partial, { recursive: true, force: true });
    await unpackNode(partial);
    await rename(partial, node);
  }
  return { system, node };
}

const ENTRYPOINT = `#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ] || { [ -f "$1" ] && ! [ -x "$1" ]; }; then
  set -- node "$@"
fi
exec "$@"
`;

async function unpackNode(folder: string): Promise<void> {
  const bin = join(folder, 'usr/local/bin');
  const npm = join(folder, 'usr/local/lib/node_modules/npm');
  const packages = join(folder, 'packages');
  for (const path of [bin, npm, packages]) await mkdir(path, { recursive: true });
  const names = [`node-linux-${process.arch}@24`, 'npm@11'];
  await runProgram(['npm', 'pack', '--silent', ...names], { cwd: packages });
  for (const file of await readdir(packages)) {
    const target = file.startsWith('npm-')
      ? ['-C', npm, '--strip-components=1']
      : ['-C', bin, '--strip-components=2', 'package/bin/node'];
    await runProgram(['tar', '-xzf', join(packages, file), '--no-same-owner', ...target]);
  }
  await rm(packages, { recursive: true });
  for (const name of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  }
  await symlink('node', join(bin, 'nodejs'));
  await writeFile(join(bin, 'docker-entrypoint.sh'), ENTRYPOINT, { mode: 0o755 });
}

const USER = 'groupadd -g 1000 node && useradd -u 1000 -g node -s /bin/bash -m node';
const TIDY = 'rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*';

async function makeStandIn(buildah: Buildah, { system, node }: Parts): Promise<void> {
  const container = await buildah.run('from', 'scratch');
  await buildah.run('add', '--quiet', container, system, '/');
  await buildah.run('add', '--quiet', container, node, '/');
  const script = `chmod +x /usr/local/lib/node_modules/npm/bin/*.js && ${USER} && ${TIDY}`;
  await buildah.run('run', '--isolation=chroot', container, '--', 'sh', '-c', script);
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await buildah.run(
    'config',
    `--env=PATH=${path}`,
    '--entrypoint=["docker-entrypoint.sh"]',
    '--cmd=node',
    container,
  );
  await buildah.run('commit', '--quiet', '--rm', container, BASE_IMAGE);
}
