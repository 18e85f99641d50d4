import { type BackoffPolicy, fullJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { environmentError, errorMessage, TenantBotError } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import { isStatus, KubeApiError } from './api-error.ts';
import type { Cache } from './cache.ts';
import type { KubeClient } from './client.ts';
import { Deadline } from './deadline.ts';
import type { ReflectorMetrics } from './reflector-metrics.ts';
import type { KubeObject, Resource } from './resource.ts';

/** Which objects of a resource are of interest, and how much of them. */
export interface ReflectorScope {
  /** All namespaces where undefined. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata comes (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
}

export interface ReflectorTimings {
  /** Waits after failures, with full jitter. */
  readonly backoff: BackoffPolicy;
  /** The server is asked to end a watch after this to twice this. */
  readonly watchTimeoutMs: number;
  /**
   * A list or a watch that is silent for this long is broken off. Bookmarks come every minute, the
   * first one of a resource at rest after up to two.
   */
  readonly stallTimeoutMs: number;
}

export const DEFAULT_REFLECTOR_TIMINGS: ReflectorTimings = {
  backoff: { initialMs: 1000, maxMs: 30_000 },
  watchTimeoutMs: 5 * 60_000,
  stallTimeoutMs: 3 * 60_000,
};

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly scope?: ReflectorScope;
  readonly cache: ReflectorCache<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics?: ReflectorMetrics;
  readonly timings?: ReflectorTimings;
  /** Objects a page of a list; 500 unless given, as client-go. */
  readonly pageSize?: number;
}

/** What a reflector needs of a {@link Cache}, whatever its indexes. */
export type ReflectorCache<T extends KubeObject> = Pick<
  Cache<T>,
  'apply' | 'replace' | 'resourceVersion' | 'transform'
>;

const PAGE_SIZE = 500;

/** Whatever the server holds against a version: after so many refusals a list cures it. */
const REFUSALS_BEFORE_LIST = 5;

/** What an attempt may run on, and how it shows that it lives. */
interface Life {
  readonly signal: AbortSignal;
  readonly seen: () => void;
}

interface Attempt {
  readonly ended: 'well' | 'badly';
  /** It showed that the server is well, whatever ended it. */
  readonly proven: boolean;
}

/**
 * Keeps a {@link Cache} equal to what the API server holds: a list in pages, then a watch with
 * bookmarks, resumed where the last one ended. Only a server that has forgotten that version (410)
 * makes it list again. Nothing stops it but its signal; failures are logged and tried again with
 * growing, jittered waits.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #timings: ReflectorTimings;
  /** The server has forgotten the version that the cache stands at. */
  #expired = false;
  #refusals = 0;
  #lastContactMs: number;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timings = options.timings ?? DEFAULT_REFLECTOR_TIMINGS;
    this.#lastContactMs = options.clock.monotonicMs();
  }

  /** Whether the API server has sent nothing for `ms`: the cache may be out of date. */
  hasStalledFor(ms: number): boolean {
    return this.#options.clock.monotonicMs() - this.#lastContactMs >= ms;
  }

  /** Runs until the signal aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { cache, clock, random } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const from = this.#expired ? undefined : cache.resourceVersion;
      const { ended, proven } =
        from === undefined ? await this.#tryList(signal) : await this.#tryWatch(from, signal);
      if (proven) failures = 0;
      if (ended === 'well') continue;
      const delayMs = fullJitterMs(this.#timings.backoff, failures++, random);
      await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  }

  async #tryList(signal: AbortSignal): Promise<Attempt> {
    const well = await this.#supervised('list', signal, (life) => this.#list(life));
    // Lists may succeed for ever while watches fail: only a watch shows that all is well.
    return { ended: well ? 'well' : 'badly', proven: false };
  }

  /**
   * A watch that brought news or lived for long has proven the server well, and starts the waits
   * from the smallest again. One that ends well without either counts as failed: a server that ends
   * every watch at once must not be asked in a tight loop.
   */
  async #tryWatch(from: string, signal: AbortSignal): Promise<Attempt> {
    const { cache, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const well = await this.#supervised('watch', signal, (life) => this.#watch(from, life));
    const livedMs = clock.monotonicMs() - startedMs;
    const proven = cache.resourceVersion !== from || livedMs >= this.#timings.backoff.maxMs;
    return { ended: well && proven ? 'well' : 'badly', proven };
  }

  /** Whether `work` came to its end. A failure is reported, and an expired version noted. */
  async #supervised(
    verb: 'list' | 'watch',
    signal: AbortSignal,
    work: (life: Life) => Promise<void>,
  ): Promise<boolean> {
    const { clock, log, metrics, resource } = this.#options;
    const { stallTimeoutMs } = this.#timings;
    const stalled = environmentError('KUBE_STALLED', `nothing came for ${stallTimeoutMs / 1000} s`);
    const watchdog = new Deadline(clock, stallTimeoutMs, { error: stalled, parent: signal });
    const seen = (): void => {
      watchdog.renew();
      this.#lastContactMs = clock.monotonicMs();
    };
    try {
      await work({ signal: watchdog.signal, seen });
      watchdog.signal.throwIfAborted();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (error instanceof KubeApiError) this.#refusals++;
      this.#expired ||= isStatus(error, 410) || this.#refusals >= REFUSALS_BEFORE_LIST;
      metrics?.failed(verb);
      const cause: unknown = watchdog.signal.aborted ? watchdog.signal.reason : error;
      log.warn({ resource: resource.plural, error: errorMessage(cause) }, `${verb} failed`);
      return false;
    } finally {
      watchdog.release();
    }
  }

  async #list({ signal, seen }: Life): Promise<void> {
    const { cache, client, clock, metrics, resource, scope } = this.#options;
    const startedMs = clock.monotonicMs();
    const objects: T[] = [];
    let token: string | undefined;
    let resourceVersion: string | undefined;
    do {
      const page = await client.list(resource, {
        ...scope,
        limit: this.#options.pageSize ?? PAGE_SIZE,
        ...(token && { continue: token }),
        signal,
      });
      seen();
      for (const object of page.items) objects.push(cache.transform(object));
      resourceVersion ??= page.metadata.resourceVersion;
      token = page.metadata.continue;
    } while (token);
    if (!cache.replace(objects, resourceVersion)) {
      throw staleList(resource.plural, resourceVersion, cache.resourceVersion);
    }
    this.#expired = false;
    this.#refusals = 0;
    metrics?.listed(objects.length, clock.monotonicMs() - startedMs);
  }

  async #watch(from: string, { signal, seen }: Life): Promise<void> {
    const { cache, client, clock, metrics, random, resource, scope } = this.#options;
    const startedMs = clock.monotonicMs();
    let events = 0;
    try {
      const watch = client.watch(resource, {
        ...scope,
        resourceVersion: from,
        timeoutSeconds: Math.round((this.#timings.watchTimeoutMs * (1 + random())) / 1000),
        signal,
      });
      for await (const event of watch) {
        seen();
        events++;
        cache.apply(event);
      }
    } finally {
      metrics?.watched(events, clock.monotonicMs() - startedMs);
    }
  }
}

function staleList(plural: string, listed: string, seen: string | undefined): TenantBotError {
  return new TenantBotError(
    'remote',
    'KUBE_STALE_LIST',
    `the API server listed ${plural} at version ${listed}, though ${seen} was seen before, and the list was not taken: a replica lags behind, or etcd was restored from a backup without --bump-revision, after which this program must be restarted`,
  );
}
