import type {
  BotObject,
  Catalog,
  CatalogChange,
  FleetObject,
  ObjectName,
} from '../../admin/backend.ts';
import type { ObjectStore, StoredKind, StoredObject } from '../object-store.ts';

/** An object of a standalone as the admin API sees it. */
type Seen<Kind extends StoredKind> = Kind extends 'TenantBot' ? BotObject : FleetObject;

/** The objects of one kind in a store, found by name at once. */
export class ObjectCatalog<Kind extends StoredKind> implements Catalog<Seen<Kind>> {
  readonly #byName = new Map<string, Seen<Kind>>();
  readonly #listeners = new Set<(change: CatalogChange<Seen<Kind>>) => void>();
  #changes = 0;

  /** Follows `objects` as long as that is there. */
  constructor(objects: ObjectStore, kind: Kind) {
    for (const object of objects.all()) {
      if (object.kind === kind) this.#byName.set(keyOf(object.metadata), seen(object));
    }
    objects.watch(({ type, object }) => {
      if (object.kind !== kind) return;
      const key = keyOf(object.metadata);
      if (type === 'DELETED') this.#byName.delete(key);
      else this.#byName.set(key, seen(object));
      this.#changes++;
      for (const listener of this.#listeners) listener({ type, object: seen(object) });
    });
  }

  version(): string {
    return String(this.#changes);
  }

  list(): Iterable<Seen<Kind>> {
    return this.#byName.values();
  }

  get(name: ObjectName): Seen<Kind> | undefined {
    return this.#byName.get(keyOf(name));
  }

  watch(listener: (change: CatalogChange<Seen<Kind>>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function seen<Kind extends StoredKind>(object: StoredObject): Seen<Kind> {
  const { metadata, spec, status = {} } = object;
  return { metadata, spec, status };
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
