import { readFile } from 'node:fs/promises';
import { architecture, digestOf, imageArchive } from '../image/oci.ts';
import { tar } from '../image/tar.ts';
import { PAUSE_IMAGE } from './layout.ts';

/** The archive of the image that holds every pod's namespaces, made of the program at `program`. */
export async function pauseImage(program: string): Promise<Buffer> {
  const layer = tar([{ path: 'pause', content: await readFile(program), mode: 0o755 }]);
  return imageArchive({
    name: PAUSE_IMAGE,
    layers: [layer],
    config: {
      architecture: architecture(),
      os: 'linux',
      config: { Entrypoint: ['/pause'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    },
  });
}
