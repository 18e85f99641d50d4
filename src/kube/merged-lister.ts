import type { CacheListener, Lister } from './lister.ts';
import { type KubeObject, type ObjectKey, parseObjectKey } from './resource.ts';

/** Many caches, one for each namespace, read as one. Each namespace belongs to one cache alone. */
export class MergedLister<T extends KubeObject, IndexName extends string = never>
  implements Lister<T, IndexName>
{
  readonly #byNamespace: ReadonlyMap<string, Lister<T, IndexName>>;

  constructor(byNamespace: ReadonlyMap<string, Lister<T, IndexName>>) {
    this.#byNamespace = byNamespace;
  }

  get(key: ObjectKey): T | undefined {
    return this.#byNamespace.get(parseObjectKey(key).namespace ?? '')?.get(key);
  }

  *list(): Iterable<T> {
    for (const lister of this.#byNamespace.values()) yield* lister.list();
  }

  get size(): number {
    let size = 0;
    for (const lister of this.#byNamespace.values()) size += lister.size;
    return size;
  }

  byIndex(index: IndexName, value: string): readonly T[] {
    return [...this.#byNamespace.values()].flatMap((lister) => lister.byIndex(index, value));
  }

  subscribe(listener: CacheListener<T>): () => void {
    const stops = Array.from(this.#byNamespace.values(), (lister) => lister.subscribe(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  get synced(): boolean {
    return [...this.#byNamespace.values()].every(({ synced }) => synced);
  }
}
