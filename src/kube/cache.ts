import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { CacheIndex } from './cache-index.ts';
import type { WatchEvent } from './client.ts';
import type { CacheListener, Lister } from './lister.ts';
import { type KubeObject, type ObjectKey, objectKey } from './resource.ts';
import { parseResourceVersion } from './resource-version.ts';

/** How a {@link Cache} keeps and files its objects. */
export interface CacheOptions<T extends KubeObject, IndexName extends string> {
  /** Under which values each index files an object. Pure. */
  readonly indexes?: Readonly<Record<IndexName, (object: T) => readonly string[]>>;
  /** Drops what nobody reads, such as `managedFields`. Pure; keeps identity and version. */
  readonly transform?: (object: T) => T;
  readonly log: Log;
}

/**
 * The newest known state of every object of a resource. A `Reflector` feeds it; writers may
 * {@link observe} the answers of their own writes, to read them before the watch brings them.
 *
 * An object's version never goes back: whatever is older than what is known of its key is ignored.
 * Of a key without an object is known that there was none at the version of the last list or
 * event, so that a late answer does not bring a deleted object back. An object of another uid under
 * the same key is a deletion and an addition. Changes are heard at once, one by one, in order; a
 * listener must not change the cache.
 */
export class Cache<T extends KubeObject, IndexName extends string = never>
  implements Lister<T, IndexName>
{
  /** What is done to an object before it is kept; {@link replace} wants it done already. */
  readonly transform: (object: T) => T;
  readonly #objects = new Map<ObjectKey, T>();
  readonly #indexes = new Map<string, CacheIndex<T>>();
  readonly #listeners = new Set<CacheListener<T>>();
  readonly #log: Log;
  readonly #firstSync = Promise.withResolvers<void>();
  #resourceVersion: string | undefined;

  constructor({ indexes, transform, log }: CacheOptions<T, IndexName>) {
    this.#log = log;
    this.transform = transform ?? ((object) => object);
    for (const [name, valuesOf] of Object.entries<(object: T) => readonly string[]>(
      indexes ?? {},
    )) {
      this.#indexes.set(name, new CacheIndex(this.#harmless(name, valuesOf)));
    }
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  list(): Iterable<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  byIndex(index: IndexName, value: string): readonly T[] {
    return this.#indexes.get(index)?.get(value) ?? [];
  }

  subscribe(listener: CacheListener<T>): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get synced(): boolean {
    return this.#resourceVersion !== undefined;
  }

  /** Resolves once the first list is complete; rejects with the signal's reason. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#firstSync.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Up to which version the cache has seen everything; undefined before the first list. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /**
   * Takes over a complete list, already transformed (page by page, for the sake of memory), and the
   * version that it was read at: what it lacks is gone, unless {@link observe} has seen it later.
   * Returns false and changes nothing where the list is older than what the cache has seen.
   */
  replace(objects: Iterable<T>, resourceVersion: string): boolean {
    const version = parseResourceVersion(resourceVersion);
    if (version < this.#seen()) return false;
    const listed = new Map<ObjectKey, T>();
    for (const object of objects) listed.set(objectKey(object.metadata), object);
    for (const [key, object] of this.#objects) {
      if (!listed.has(key) && versionOf(object) <= version) this.#change(key, undefined);
    }
    for (const [key, object] of listed) {
      const known = this.#objects.get(key);
      if (!known || versionOf(object) > versionOf(known)) this.#change(key, object);
    }
    this.#resourceVersion = resourceVersion;
    this.#firstSync.resolve();
    return true;
  }

  /** Takes over one event of a watch. A stale or repeated one changes nothing. */
  apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#advance(event.resourceVersion);
      return;
    }
    if (event.type === 'DELETED') this.#remove(event.object);
    else this.observe(event.object);
    this.#advance(event.object.metadata.resourceVersion);
  }

  /**
   * Takes over an object as the API server has just answered it, if that is newer than what is
   * known. Only for objects that the cache's list would hold: no event takes out what no selector
   * matched.
   */
  observe(object: T): void {
    const key = objectKey(object.metadata);
    const known = this.#objects.get(key);
    if (versionOf(object) > (known ? versionOf(known) : this.#seen())) {
      this.#change(key, this.transform(object));
    }
  }

  /** A deletion carries its own version, or that of the change after which no selector matched. */
  #remove(object: T): void {
    const key = objectKey(object.metadata);
    const known = this.#objects.get(key);
    if (known && versionOf(object) >= versionOf(known)) this.#change(key, undefined);
  }

  #seen(): bigint {
    return this.#resourceVersion === undefined ? -1n : parseResourceVersion(this.#resourceVersion);
  }

  #advance(resourceVersion: string): void {
    if (parseResourceVersion(resourceVersion) > this.#seen()) {
      this.#resourceVersion = resourceVersion;
    }
  }

  #change(key: ObjectKey, after: T | undefined): void {
    const before = this.#objects.get(key);
    if (before && after && before.metadata.uid !== after.metadata.uid) {
      this.#change(key, undefined);
      this.#change(key, after);
      return;
    }
    if (after) this.#objects.set(key, after);
    else this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.update(key, before, after);
    for (const listener of this.#listeners) {
      try {
        listener({ key, before, after });
      } catch (error) {
        this.#log.error({ key, error: errorMessage(error) }, 'a listener of the cache threw');
      }
    }
  }

  /** An index that throws on some odd object files it under nothing, and all others well. */
  #harmless(
    name: string,
    valuesOf: (object: T) => readonly string[],
  ): (object: T) => readonly string[] {
    return (object) => {
      try {
        return valuesOf(object);
      } catch (error) {
        const key = objectKey(object.metadata);
        this.#log.error({ index: name, key, error: errorMessage(error) }, 'an index threw');
        return [];
      }
    };
  }
}

function versionOf(object: KubeObject): bigint {
  return parseResourceVersion(object.metadata.resourceVersion);
}
