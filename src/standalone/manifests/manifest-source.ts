import { stat } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock, Timer } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { SharedParts } from '../../lib/shared-parts.ts';
import type { Log } from '../../telemetry/log.ts';
import { isManifestName, listManifests } from './file-list.ts';
import type { ManifestObject } from './manifest-object.ts';
import { keepLastGood, type ManifestFile, type ManifestSet, mergeFiles } from './manifest-set.ts';
import { displayPath, type ManifestProblem } from './place.ts';
import { readManifest } from './read-manifest.ts';

/** How long the files must be at rest before they are read: editors write in several steps. */
const REST_MS = 100;
/** How long a file that has become empty or has gone is given to come back. */
const GRACE_MS = 250;

/** What {@link ManifestSource} works with. */
export interface ManifestSourceOptions {
  readonly paths: readonly string[];
  /** The folder from which people see the files. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of each new state of the files. */
  readonly onChange: (set: ManifestSet) => void;
}

interface Known {
  readonly stamp: string;
  readonly file: ManifestFile;
}

/**
 * The manifests on disk and all that happens to them. Tells the state at the start, and again
 * within a second of every change, until closed. Reads again only what has changed.
 */
export class ManifestSource {
  readonly #options: ManifestSourceOptions;
  readonly #watcher: FSWatcher;
  readonly #parts = new SharedParts();
  #known = new Map<string, Known>();
  #timer: Timer | undefined;
  #scanning: Promise<void> = Promise.resolve();
  #closed = false;
  #current: ManifestSet = { objects: new Map(), problems: [], broken: new Set() };

  /** Starts to watch; the first state has been told when the promise resolves. */
  static async open(options: ManifestSourceOptions): Promise<ManifestSource> {
    const source = new ManifestSource(options);
    await source.#scan();
    return source;
  }

  private constructor(options: ManifestSourceOptions) {
    this.#options = options;
    // A path that does not exist yet, or is replaced by a rename, is seen through its folder.
    const given = new Set(options.paths.map((path) => resolve(path)));
    this.#watcher = watch([], {
      depth: 0,
      ignoreInitial: true,
      ignored: (path, stats) =>
        stats?.isFile() === true && !given.has(path) && !isManifestName(basename(path)),
    });
    this.#watcher.on('all', () => this.#scanSoon(REST_MS));
    this.#watcher.on('error', (error) => {
      options.log.warn(
        `some changes of manifests may go unseen until a restart: ${errorMessage(error)}`,
      );
    });
    this.#watcher.add([...new Set([...given].map((path) => dirname(path)))]);
  }

  /** What was told last. */
  get current(): ManifestSet {
    return this.#current;
  }

  /** Stops watching; nothing is told any more once this has resolved. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#watcher.close();
    await this.#scanning;
  }

  #scanSoon(delayMs: number): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#scanning = this.#scanning.then(() => this.#scan());
    });
  }

  async #scan(): Promise<void> {
    const list = await listManifests(this.#options.paths);
    this.#watcher.add([...list.folders]);
    const before = this.#known;
    const known = new Map<string, Known>();
    let doubtful = false;
    for (const path of list.files) {
      const next = await this.#read(path, before.get(path));
      doubtful ||= next.stamp === DOUBTFUL;
      known.set(path, next);
    }
    for (const [path, gone] of before) {
      if (known.has(path)) continue;
      if (isHidden(path, list.problems)) known.set(path, gone);
      else if (gone.stamp !== DOUBTFUL) {
        doubtful = true;
        known.set(path, { stamp: DOUBTFUL, file: gone.file });
      }
    }
    if (this.#closed) return;
    this.#known = known;
    if (doubtful) this.#scanSoon(GRACE_MS);
    const { folder } = this.#options;
    const problems = list.problems.map(({ file, message }) => ({
      file: displayPath(file, folder),
      message,
    }));
    const unlisted = { file: '', objects: [], problems };
    this.#current = mergeFiles([...Array.from(known.values(), ({ file }) => file), unlisted]);
    this.#options.onChange(this.#current);
  }

  async #read(path: string, before: Known | undefined): Promise<Known> {
    const stamp = await stampOf(path);
    if (before && before.stamp === stamp) return before;
    const now = await readManifest(path, displayPath(path, this.#options.folder));
    const emptied = now.problems.length === 0 && now.objects.length === 0;
    if (emptied && before && before.file.objects.length > 0 && before.stamp !== DOUBTFUL) {
      return { stamp: DOUBTFUL, file: before.file };
    }
    const objects = now.objects.map((object) => this.#shared(object));
    return { stamp, file: keepLastGood(before?.file, { ...now, objects }) };
  }

  /** What thousands of bots have in common stands in memory once. */
  #shared(manifest: ManifestObject): ManifestObject {
    if (manifest.kind !== 'TenantBot') return manifest;
    const spec = this.#parts.in(manifest.object.spec);
    return { ...manifest, object: { ...manifest.object, spec } };
  }
}

/** The stamp of a file that was emptied or taken away a moment ago: it is looked at once more. */
const DOUBTFUL = 'doubtful';

/** Whether a file is unseen only because the way to it can't be read: it keeps what it held. */
function isHidden(path: string, problems: readonly ManifestProblem[]): boolean {
  return problems.some(({ file }) => path === file || path.startsWith(`${file}${sep}`));
}

/** Changes whenever the file does: also when another one takes its place. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join('-');
  } catch {
    return 'unreadable';
  }
}
