import { type StoredBot, TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';

/** A watch of how many bots of one namespace have their place on which shard. */
export interface Occupancy extends AsyncDisposable {
  /** The most there ever were at one moment, by `fleet/ordinal`. */
  readonly most: ReadonlyMap<string, number>;
  /** How many there are now. */
  readonly now: ReadonlyMap<string, number>;
  /** All bots as they are, by name. */
  readonly bots: ReadonlyMap<string, StoredBot>;
}

interface Placed {
  readonly placement?: { readonly fleet: string; readonly shard: number };
}

/** Follows every single change from now on: none is skipped, as it might be between two looks. */
export async function watchOccupancy(
  client: HttpKubeClient,
  namespace: string,
): Promise<Occupancy> {
  const most = new Map<string, number>();
  const now = new Map<string, number>();
  const bots = new Map<string, StoredBot>();
  const end = new AbortController();

  const count = (bot: StoredBot | undefined, by: 1 | -1): void => {
    const { placement } = (bot?.status ?? {}) as Placed;
    if (!placement) return;
    const shard = `${placement.fleet}/${placement.shard}`;
    const taken = (now.get(shard) ?? 0) + by;
    now.set(shard, taken);
    most.set(shard, Math.max(taken, most.get(shard) ?? 0));
  };
  const follow = async (from: string): Promise<void> => {
    let resourceVersion = from;
    while (!end.signal.aborted) {
      const options = { namespace, resourceVersion, timeoutSeconds: 600, signal: end.signal };
      for await (const event of client.watch(TENANT_BOTS, options)) {
        if (event.type === 'BOOKMARK') {
          ({ resourceVersion } = event);
          continue;
        }
        const { name, resourceVersion: version } = event.object.metadata;
        resourceVersion = version;
        count(bots.get(name), -1);
        bots.delete(name);
        if (event.type === 'DELETED') continue;
        count(event.object, 1);
        bots.set(name, event.object);
      }
    }
  };
  const { metadata } = await client.list(TENANT_BOTS, { namespace });
  const following = follow(metadata.resourceVersion).catch((error: unknown) => {
    if (!end.signal.aborted) throw error;
  });
  return {
    most,
    now,
    bots,
    async [Symbol.asyncDispose]() {
      end.abort();
      await following;
    },
  };
}
