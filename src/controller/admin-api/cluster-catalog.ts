import type { Catalog, CatalogChange, ObjectName } from '../../admin/backend.ts';
import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, objectKey } from '../../kube/resource.ts';

/** The objects of a cache as the admin API sees them. */
export class ClusterCatalog<Stored extends KubeObject, Item extends object>
  implements Catalog<Item>
{
  readonly #lister: Lister<Stored>;
  readonly #read: (stored: Stored) => Item;
  /** What is stored is never changed in place, and reading it takes time. */
  readonly #items = new WeakMap<Stored, Item>();
  #changes = 0;

  /** Follows `lister` as long as that is there. */
  constructor(lister: Lister<Stored>, read: (stored: Stored) => Item) {
    this.#lister = lister;
    this.#read = read;
    lister.subscribe(() => {
      this.#changes++;
    });
  }

  version(): string {
    return String(this.#changes);
  }

  *list(): Iterable<Item> {
    for (const stored of this.#lister.list()) yield this.#item(stored);
  }

  get(name: ObjectName): Item | undefined {
    const stored = this.#lister.get(objectKey(name));
    return stored && this.#item(stored);
  }

  watch(listener: (change: CatalogChange<Item>) => void): () => void {
    return this.#lister.subscribe(({ before, after }) => {
      if (after) {
        listener({ type: before ? 'MODIFIED' : 'ADDED', object: this.#item(after) });
      } else if (before) listener({ type: 'DELETED', object: this.#item(before) });
    });
  }

  #item(stored: Stored): Item {
    const known = this.#items.get(stored);
    if (known) return known;
    const item = this.#read(stored);
    this.#items.set(stored, item);
    return item;
  }
}
