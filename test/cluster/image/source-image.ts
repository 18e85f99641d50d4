import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import type { NodeAccess } from '../node/node-access.ts';
import { CONTEXT } from './inputs.ts';
import { type Descriptor, digestOf, type ImageConfig, imageArchive } from './oci.ts';
import { type TarEntry, tar } from './tar.ts';

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/**
 * Gives `node` an image that is `base`, which it has, and on top the sources as they are now: one
 * layer of two megabytes, and no compiler, since `tenantbot` runs its sources where there are some.
 * Resolves to its name, which changes with the sources.
 */
export async function importSources(node: NodeAccess, base: string): Promise<string> {
  const layer = tar(await sourceEntries());
  const name = `${base}-${digestOf(layer).slice(-12)}`;
  const { manifest, config } = await readImage(node, base);
  const { rootfs, ...rest } = config;
  const archive = imageArchive({
    name,
    known: manifest.layers,
    layers: [layer],
    config: {
      architecture: rest.architecture,
      os: rest.os,
      config: rest.config,
      rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, digestOf(layer)] },
    },
  });
  await node.importImage(Readable.from([archive]));
  return name;
}

async function readImage(
  node: NodeAccess,
  name: string,
): Promise<{ manifest: Manifest; config: ImageConfig }> {
  const ctr = ['ctr', '--namespace=k8s.io'];
  const listed = await node.run([...ctr, 'images', 'list', `name==${name}`]);
  const digest = /sha256:[0-9a-f]{64}/.exec(listed)?.[0];
  if (!digest) throw new Error(`the node does not have the image ${name}`);
  const read = async (blob: string): Promise<unknown> =>
    JSON.parse(await node.run([...ctr, 'content', 'get', blob]));
  const manifest = (await read(digest)) as Manifest;
  return { manifest, config: (await read(manifest.config.digest)) as ImageConfig };
}

async function sourceEntries(): Promise<TarEntry[]> {
  const found = await readdir(join(CONTEXT, 'src'), { recursive: true, withFileTypes: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(CONTEXT, join(entry.parentPath, entry.name)))
    .toSorted();
  const folders = new Set(['app', ...files.map((file) => join('app', dirname(file)))]);
  const contents = await Promise.all(
    files.map(async (file) => ({
      path: join('app', file),
      content: await readFile(join(CONTEXT, file)),
    })),
  );
  return [...[...folders].toSorted().map((path) => ({ path })), ...contents];
}
