import { expect, it } from 'vitest';
import { addFinalizer, removeFinalizer } from '../../src/kube/finalizers.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../src/kube/well-known.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { apiWorld } from './api-world.ts';

const OURS = 'example.dev/ours';
const FOREIGN = 'example.dev/foreign';

describeWithApiServer('finalizers on the API server', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  function create(name: string, finalizers: readonly string[] = []): Promise<ConfigMap> {
    const metadata = { name, namespace: world.namespace, finalizers };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    return world.client.create<ConfigMap>(CONFIG_MAPS, object);
  }

  function add(object: ConfigMap) {
    return addFinalizer(world.client, CONFIG_MAPS, { object, finalizer: OURS });
  }

  function remove(object: ConfigMap) {
    return removeFinalizer(world.client, CONFIG_MAPS, { object, finalizer: OURS });
  }

  function read({ metadata }: ConfigMap): Promise<ConfigMap> {
    return world.client.get(CONFIG_MAPS, metadata);
  }

  /** Somebody else sets the finalizers, so that what was read before is stale. */
  function set({ metadata }: ConfigMap, finalizers: readonly string[]): Promise<ConfigMap> {
    return world.client.mergePatch<ConfigMap>(CONFIG_MAPS, metadata, { metadata: { finalizers } });
  }

  it('come and go, and are written only where that changes something', async () => {
    const object = await create('plain');
    const added = (await add(object)) ?? expect.unreachable();
    expect(added.metadata.finalizers).toEqual([OURS]);
    expect(await add(added)).toBe(added);
    const removed = (await remove(added)) ?? expect.unreachable();
    expect(removed.metadata.finalizers).toBeUndefined();
    expect(await remove(removed)).toBe(removed);
  });

  it('of others stay, also where they came after our last read', async () => {
    const stale = await create('foreign');
    await set(stale, [FOREIGN]);
    const added = (await add(stale)) ?? expect.unreachable();
    expect(added.metadata.finalizers).toEqual([FOREIGN, OURS]);
    await set(added, [FOREIGN, OURS, 'example.dev/late']);
    await remove(added);
    expect((await read(added)).metadata.finalizers).toEqual([FOREIGN, 'example.dev/late']);
    await set(added, []);
  });

  it('hold an object until the last one goes', async () => {
    const object = await create('held', [FOREIGN, OURS]);
    await world.client.delete(CONFIG_MAPS, object.metadata);
    await remove(object);
    expect((await read(object)).metadata.finalizers).toEqual([FOREIGN]);
    await set(object, []);
    await expect(read(object)).rejects.toMatchObject({ status: 404 });
    expect(await remove(object)).toBeUndefined();
  });

  it('come too late for an object that is going, has gone, or was made anew', async () => {
    const object = await create('late', [FOREIGN]);
    await world.client.delete(CONFIG_MAPS, object.metadata);
    expect(await add(object)).toBeUndefined();
    await set(object, []);
    expect(await add(object)).toBeUndefined();
    const again = await create('late');
    expect(await add(object)).toBeUndefined();
    expect((await read(again)).metadata.finalizers).toBeUndefined();
  });

  it('of many writers at once all come through', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `example.dev/f${index}`);
    const all = (object: ConfigMap, change: typeof addFinalizer) =>
      Promise.all(
        names.map((finalizer) => change(world.client, CONFIG_MAPS, { object, finalizer })),
      );
    const bare = await create('crowd');
    await all(bare, addFinalizer);
    const full = await read(bare);
    expect(full.metadata.finalizers?.toSorted()).toEqual(names);
    await all(full, removeFinalizer);
    expect((await read(full)).metadata.finalizers).toBeUndefined();
  });
});
