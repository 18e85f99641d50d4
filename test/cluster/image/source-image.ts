import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import type { NodeAccess } from '../node/node-access.ts';
import { CONTEXT } from './inputs.ts';
import { type Descriptor, digestOf, type ImageConfig, imageArchive } from './oci.ts';
import { type TarEntry, tar } from './tar.ts';

interface Base {
  readonly name: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/**
 * Images that are another one of a node's and on top the sources as they are: one layer of two
 * megabytes, and no compiler, since `tenantbot` runs its sources where there are some.
 */
export class SourceImages {
  readonly #node: NodeAccess;
  readonly #base: Base;

  private constructor(node: NodeAccess, base: Base) {
    this.#node = node;
    this.#base = base;
  }

  /** `base` must be known to the node. */
  static async over(node: NodeAccess, base: string): Promise<SourceImages> {
    return new SourceImages(node, { name: base, ...(await readImage(node, base)) });
  }

  /** Gives the node an image with the sources of this moment: its name, which changes with them. */
  async import(): Promise<string> {
    const { name: baseName, manifest, config } = this.#base;
    const layer = tar(await sourceEntries());
    const digest = digestOf(layer);
    const name = `${baseName}-${digest.slice(-12)}`;
    const archive = imageArchive({
      name,
      known: manifest.layers,
      layers: [layer],
      config: {
        architecture: config.architecture,
        os: config.os,
        config: config.config,
        rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, digest] },
      },
    });
    await this.#node.importImage(Readable.from([archive]));
    return name;
  }
}

async function readImage(node: NodeAccess, name: string): Promise<Omit<Base, 'name'>> {
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
