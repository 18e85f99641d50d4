import { KubeApiError } from '../../src/kube/api-error.ts';
import type {
  KubeClient,
  ListOptions,
  ListPage,
  WatchEvent,
  WatchOptions,
} from '../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../src/kube/resource.ts';
import { type Clock, sleep } from '../../src/lib/clock.ts';

/** An object of the model's one resource. */
export interface Thing extends KubeObject {
  readonly value: number;
}

export const THINGS: Resource<Thing> = {
  group: 'test',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: false,
};

/** The one selector that the model knows. */
export const KEPT = 'kept=yes';

/** A call that the server got. `page` is a list that goes on. */
export interface Call {
  readonly verb: 'list' | 'page' | 'watch';
  readonly atMs: number;
  readonly options: ListOptions | WatchOptions;
}

type Frame = WatchEvent<Thing> | { readonly type: 'FAIL'; readonly error: Error };

interface Stream {
  readonly frames: Frame[];
  readonly selector: string | undefined;
  silent: boolean;
  ended: boolean;
  wake: () => void;
}

/**
 * An API server with one resource, in memory, after the real one's rules: one counter of versions,
 * pages of one snapshot, watches from a version on, deletions that carry a version of their own, a
 * label that goes away seen as a deletion, old versions forgotten by {@link compact}. Every answer
 * takes `latencyMs`, so that things change in between.
 */
export class ModelServer implements Pick<KubeClient, 'list' | 'watch'> {
  latencyMs = 10;
  pageSize = 3;
  /** Thrown by the next calls, one each. */
  readonly refusals: Error[] = [];
  /** What was called, in order. */
  readonly calls: Call[] = [];
  readonly #clock: Clock;
  readonly #objects = new Map<string, Thing>();
  readonly #log: { readonly before: Thing | undefined; readonly event: ThingEvent }[] = [];
  readonly #streams = new Set<Stream>();
  #version = 100;
  #compactedTo = 0;
  #lag = 0;
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What a list would hold now. */
  objects(selector?: string): Thing[] {
    return [...this.#objects.values()].filter((object) => matches(object, selector));
  }

  get openWatches(): number {
    return this.#streams.size;
  }

  /** Makes the object, or changes it. */
  put(name: string, value: number, kept = true): Thing {
    const before = this.#objects.get(name);
    const after: Thing = {
      metadata: {
        name,
        uid: before?.metadata.uid ?? `uid-${++this.#uids}`,
        resourceVersion: String(++this.#version),
        creationTimestamp: '2026-01-01T00:00:00Z',
        labels: { kept: kept ? 'yes' : 'no' },
      },
      value,
    };
    this.#objects.set(name, after);
    this.#publish(before, { type: before ? 'MODIFIED' : 'ADDED', object: after });
    return after;
  }

  delete(name: string): void {
    const before = this.#objects.get(name);
    if (!before) return;
    this.#objects.delete(name);
    this.#publish(before, { type: 'DELETED', object: withVersion(before, ++this.#version) });
  }

  /** Forgets the versions before now: lists in pages and watches from there get 410. */
  compact(): void {
    this.#compactedTo = this.#version;
  }

  /** Lists come from a replica that is `versions` behind. */
  lag(versions: number): void {
    this.#lag = versions;
  }

  bookmark(): void {
    const resourceVersion = String(this.#version);
    this.#each((stream) => stream.frames.push({ type: 'BOOKMARK', resourceVersion }));
  }

  /** Sends what was sent before again: the last `count` events. */
  replay(count: number): void {
    this.#each((stream) => {
      for (const entry of this.#log.slice(-count)) stream.frames.push(...seenBy(entry, stream));
    });
  }

  /** The open watches break with `error`; frames that are under way still arrive if `late`. */
  break(error: Error, late: boolean): void {
    this.#each((stream) => {
      if (!late) stream.frames.length = 0;
      stream.frames.push({ type: 'FAIL', error });
    });
  }

  /** The open watches end as after their timeout. */
  end(): void {
    this.#each((stream) => {
      stream.ended = true;
    });
  }

  /** The open watches send nothing any more, and stay open. */
  silence(): void {
    this.#each((stream) => {
      stream.silent = true;
    });
  }

  async list<T extends KubeObject>(
    _resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ListPage<T>> {
    this.calls.push({
      verb: options.continue ? 'page' : 'list',
      atMs: this.#clock.monotonicMs(),
      options,
    });
    await this.#answer(options.signal);
    const [version, offset] = (options.continue ?? `${this.#version - this.#lag}:0`)
      .split(':')
      .map(Number) as [number, number];
    if (version < this.#compactedTo) throw gone();
    const items = this.#snapshot(version).filter((item) => matches(item, options.labelSelector));
    const end = offset + Math.min(this.pageSize, options.limit ?? this.pageSize);
    return {
      metadata: {
        resourceVersion: String(version),
        ...(end < items.length && { continue: `${version}:${end}` }),
      },
      items: items.slice(offset, end) as unknown as T[],
    };
  }

  async *watch<T extends KubeObject>(
    _resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { resourceVersion, labelSelector, signal } = options;
    this.calls.push({ verb: 'watch', atMs: this.#clock.monotonicMs(), options });
    await this.#answer(signal);
    if (Number(resourceVersion) < this.#compactedTo) throw gone();
    const stream: Stream = {
      frames: [],
      selector: labelSelector,
      silent: false,
      ended: false,
      wake: () => undefined,
    };
    for (const entry of this.#log) {
      if (Number(entry.event.object.metadata.resourceVersion) <= Number(resourceVersion)) continue;
      stream.frames.push(...seenBy(entry, stream));
    }
    const wake = (): void => stream.wake();
    signal?.addEventListener('abort', wake);
    this.#streams.add(stream);
    try {
      yield* this.#frames<T>(stream, signal);
    } finally {
      this.#streams.delete(stream);
      signal?.removeEventListener('abort', wake);
    }
  }

  async *#frames<T extends KubeObject>(
    stream: Stream,
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const frame = stream.silent ? undefined : stream.frames.shift();
      if (!frame) {
        if (stream.ended && !stream.silent) return;
        await new Promise<void>((resolve) => {
          stream.wake = resolve;
        });
        continue;
      }
      await sleep(this.#clock, this.latencyMs, signal);
      if (frame.type === 'FAIL') throw frame.error;
      yield frame as WatchEvent<KubeObject> as WatchEvent<T>;
    }
  }

  async #answer(signal: AbortSignal | undefined): Promise<void> {
    await sleep(this.#clock, this.latencyMs, signal);
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
  }

  #publish(before: Thing | undefined, event: ThingEvent): void {
    const entry = { before, event };
    this.#log.push(entry);
    this.#each((stream) => stream.frames.push(...seenBy(entry, stream)));
  }

  #each(act: (stream: Stream) => void): void {
    for (const stream of this.#streams) {
      act(stream);
      stream.wake();
    }
  }

  #snapshot(version: number): Thing[] {
    const objects = new Map<string, Thing>();
    for (const { event } of this.#log) {
      const { name, resourceVersion } = event.object.metadata;
      if (Number(resourceVersion) > version) break;
      if (event.type === 'DELETED') objects.delete(name);
      else objects.set(name, event.object);
    }
    return [...objects.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }
}

type ThingEvent = Exclude<WatchEvent<Thing>, { readonly type: 'BOOKMARK' }>;

/** What the server says when it has forgotten a version. */
export function gone(): KubeApiError {
  return new KubeApiError('too old resource version', { status: 410, reason: 'Expired' });
}

function matches(object: Thing | undefined, selector: string | undefined): boolean {
  if (!object) return false;
  return selector === undefined || object.metadata.labels?.['kept'] === 'yes';
}

/** A watch with a selector sees objects come and go as they begin and cease to match. */
function seenBy(
  { before, event }: { readonly before: Thing | undefined; readonly event: ThingEvent },
  { selector }: Stream,
): ThingEvent[] {
  const was = matches(before, selector);
  const is = event.type !== 'DELETED' && matches(event.object, selector);
  if (was && !is) {
    const version = Number(event.object.metadata.resourceVersion);
    return [{ type: 'DELETED', object: withVersion(before as Thing, version) }];
  }
  if (!is) return [];
  return [{ type: was ? 'MODIFIED' : 'ADDED', object: event.object }];
}

function withVersion(object: Thing, version: number): Thing {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}
