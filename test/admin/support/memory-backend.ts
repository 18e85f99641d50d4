import type {
  AdminBackend,
  BotObject,
  Catalog,
  CatalogChange,
  FleetObject,
} from '../../../src/admin/backend.ts';
import type { Access, Right } from '../../../src/admin/caller.ts';
import type { BotFleetStatus } from '../../../src/api/bot-fleet.ts';
import type { TenantBotStatus } from '../../../src/api/tenant-bot-status.ts';
import { inputError } from '../../../src/lib/errors.ts';

/** Objects that a test puts in and takes out. */
export class MemoryCatalog<Item extends BotObject | FleetObject> implements Catalog<Item> {
  readonly #items = new Map<string, Item>();
  readonly #listeners = new Set<(change: CatalogChange<Item>) => void>();
  #version = 0;

  constructor(items: readonly Item[] = []) {
    for (const item of items) this.put(item);
  }

  version = (): string => `${this.#version}`;

  list(): Iterable<Item> {
    return this.#items.values();
  }

  get({ namespace, name }: { readonly namespace: string; readonly name: string }) {
    return this.#items.get(`${namespace}/${name}`);
  }

  watch(listener: (change: CatalogChange<Item>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(item: Item): void {
    const key = `${item.metadata.namespace}/${item.metadata.name}`;
    const type = this.#items.has(key) ? 'MODIFIED' : 'ADDED';
    this.#items.set(key, item);
    this.#tell({ type, object: item });
  }

  delete(item: Item): void {
    this.#items.delete(`${item.metadata.namespace}/${item.metadata.name}`);
    this.#tell({ type: 'DELETED', object: item });
  }

  #tell(change: CatalogChange<Item>): void {
    this.#version++;
    for (const listener of this.#listeners) listener(change);
  }
}

/** A bot as it is stored. */
export function botObject(
  key: string,
  status: TenantBotStatus = {},
  more: { readonly spec?: object; readonly metadata?: Partial<BotObject['metadata']> } = {},
): BotObject {
  const [namespace = '', name = ''] = key.split('/');
  return {
    metadata: {
      namespace,
      name,
      uid: key,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...more.metadata,
    },
    spec: { fleet: 'default', suspended: false, ...more.spec },
    status,
  };
}

/** A fleet as it is stored. */
export function fleetObject(name: string, status: BotFleetStatus = {}): FleetObject {
  const metadata = {
    namespace: 'platform',
    name,
    uid: `fleet-${name}`,
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return { metadata, spec: {}, status };
}

/** A backend of these objects, in which nothing can be written unless that is given. */
export function memoryBackend(
  bots: MemoryCatalog<BotObject>,
  more: Partial<AdminBackend> = {},
): AdminBackend {
  const refuse = () => Promise.reject(inputError('NOT_HERE', 'nothing can be written here'));
  return {
    mode: 'cluster',
    bots,
    fleets: new MemoryCatalog<FleetObject>(),
    writer: { patch: refuse, create: refuse, ask: async () => undefined },
    leader: () => ({ holder: null, isThis: false, term: null, since: null }),
    telegramOf: () => ({ apiRoot: 'http://127.0.0.1:1' }),
    history: () => undefined,
    audit: () => undefined,
    ...more,
  };
}

/**
 * Who may what: `operator` may all, everybody else what `allows` says of `<namespace>`, their own
 * name being their namespace unless it says otherwise. Everybody's token is `token-of-<name>`.
 */
export function accessOf(
  allows: (name: string, right: Right) => boolean = (name, { namespace }) => namespace === name,
): Access {
  return {
    authenticate: async (token) => {
      const name = /^token-of-([a-z-]+)$/.exec(token.reveal())?.[1];
      return name === undefined ? undefined : { name, token };
    },
    may: async ({ name }, right) => name === 'operator' || allows(name, right),
  };
}

/** The headers of whoever bears that name. */
export function as(name: string): { readonly authorization: string } {
  return { authorization: `Bearer token-of-${name}` };
}
