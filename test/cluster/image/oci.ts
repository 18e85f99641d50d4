import { createHash } from 'node:crypto';
import { tar } from './tar.ts';

/** An image's configuration as the OCI image specification has it, as far as we look into it. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] };
}

/** A blob by what it is and where it is found. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What an image archive is made of. */
export interface ImageParts {
  /** The full name, with registry and tag. */
  readonly name: string;
  readonly config: ImageConfig;
  /** Layers that the reader of the archive has already, from the bottom. */
  readonly known?: readonly Descriptor[];
  /** Layers on top of them, tar archives; the configuration counts them already. */
  readonly layers: readonly Buffer[];
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** An image archive in the OCI layout, which `ctr images import` reads. */
export function imageArchive({ name, config, known = [], layers }: ImageParts): Buffer {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, content: Buffer): Descriptor => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  };
  const configBlob = add('application/vnd.oci.image.config.v1+json', json(config));
  const added = layers.map((layer) => add('application/vnd.oci.image.layer.v1.tar', layer));
  const manifest = add(
    MANIFEST,
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: configBlob,
      layers: [...known, ...added],
    }),
  );
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...manifest,
        platform: { architecture: config.architecture, os: config.os },
        annotations: { 'io.containerd.image.name': name },
      },
    ],
  };
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    ...[...blobs].map(([digest, content]) => ({
      path: `blobs/${digest.replace(':', '/')}`,
      content,
    })),
  ]);
}

/** How OCI names `content`. */
export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** The architecture of this machine in OCI's words. */
export function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
