import { join } from 'node:path';
import { watch } from 'chokidar';
import { errorMessage } from '../../../src/lib/errors.ts';
import { CONTEXT } from '../image/inputs.ts';
import { SourceImages } from '../image/source-image.ts';
import { installChart, type Playground } from './install.ts';

/** How long a burst of saves may pause before it counts as over. */
const CALM_MS = 200;

/**
 * Brings each change of the sources into the running pods, until `signal` aborts: an image with
 * the sources on top of `base`, and an upgrade of the release to it. One at a time; changes that
 * come meanwhile are the next one's.
 */
export async function watchSources(
  playground: Playground,
  base: string,
  signal: AbortSignal,
): Promise<void> {
  const { node, log } = playground;
  const images = await SourceImages.over(node, base);
  const watcher = watch(join(CONTEXT, 'src'), { ignoreInitial: true });
  signal.addEventListener('abort', () => void watcher.close(), { once: true });
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  let isNextWaiting = false;

  const update = async (): Promise<void> => {
    isNextWaiting = false;
    if (signal.aborted) return;
    const startedAtMs = performance.now();
    try {
      const image = await images.import();
      await installChart(playground, image);
      const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
      log(`${image} is on its way to the pods (${seconds} s)`);
    } catch (error) {
      log(`the change is not in the pods: ${errorMessage(error)}`);
    }
  };
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isNextWaiting) return;
      isNextWaiting = true;
      current = current.then(update);
    }, CALM_MS);
  });
}
