import { beforeEach, expect, it } from 'vitest';
import { API_VERSION } from '../../../src/api/group.ts';
import type { Demand, Grant } from '../../../src/control/grants.ts';
import { grantConfigMap } from '../../../src/controller/coordination/grant-config-map.ts';
import type { FleetIdentity } from '../../../src/controller/fleet/objects/fleet-meta.ts';
import { BOT_FLEETS } from '../../../src/controller/fleet/stored-fleet.ts';
import { grantsObjectName } from '../../../src/controller/names.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import {
  type GrantStore,
  type GrantTable,
  isGrantConflict,
  readTable,
} from '../../../src/coordinator/table.ts';
import type { ObjectRef } from '../../../src/kube/resource.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../../src/kube/well-known.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';
import { waitFor } from '../../support/wait.ts';

const { signal } = new AbortController();
const HOLDER = { shard: 0, session: 'session-0', pod: 'uid-0' };

describeWithApiServer('the ConfigMap with the grants of a fleet', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);
  let count = 0;
  let fleet: FleetIdentity;
  let ref: ObjectRef;
  let store: GrantStore;
  beforeEach(async () => {
    const name = `fleet-${count++}`;
    const { namespace, client } = world;
    const made = await client.create(BOT_FLEETS, {
      apiVersion: API_VERSION,
      kind: 'BotFleet',
      metadata: { name, namespace },
      spec: {},
    });
    fleet = { name, namespace, uid: made.metadata.uid };
    ref = { namespace, name: grantsObjectName(name) };
    store = grantConfigMap(client, fleet);
  });

  const kept = (): Promise<ConfigMap> => world.client.get(CONFIG_MAPS, ref);
  const edit = (patch: object): Promise<ConfigMap> =>
    world.client.mergePatch(CONFIG_MAPS, ref, patch);
  const refusal = (text: string, version: string | undefined): Promise<unknown> =>
    store.write(text, version, signal).then(
      () => undefined,
      (error: unknown) => error,
    );

  it('is made by the first write, and goes when the fleet goes', async () => {
    expect(await store.read(signal)).toBeUndefined();
    const version = await store.write('one', undefined, signal);
    const { metadata } = await kept();
    expect(metadata.ownerReferences).toMatchObject([
      { kind: 'BotFleet', name: fleet.name, uid: fleet.uid, controller: true },
    ]);
    expect(metadata.labels).toBeUndefined();
    expect(await store.read(signal)).toEqual({ text: 'one', version });
  });

  it('takes a write only in place of what was read', async () => {
    const first = await store.write('one', undefined, signal);
    const second = await store.write('two', first, signal);
    for (const stale of [undefined, first]) {
      expect(isGrantConflict(await refusal('late', stale))).toBe(true);
    }
    expect(await store.read(signal)).toEqual({ text: 'two', version: second });
    await world.client.delete(CONFIG_MAPS, ref);
    expect(isGrantConflict(await refusal('late', second))).toBe(true);
    expect(await store.read(signal)).toBeUndefined();
  });

  it('has its owner again after the next write', async () => {
    const version = await store.write('one', undefined, signal);
    const { metadata } = await edit({ metadata: { ownerReferences: null } });
    expect(metadata.resourceVersion).not.toBe(version);
    await store.write('two', metadata.resourceVersion, signal);
    expect((await kept()).metadata.ownerReferences).toMatchObject([{ uid: fleet.uid }]);
  });

  interface Leader extends AsyncDisposable {
    /** What the shard is granted that would like to make 50 calls a second. */
    readonly ask: () => Grant | undefined;
    readonly log: readonly string[];
    readonly setCap: (perSecond: number) => void;
  }

  function lead(instance: string, shards: readonly number[] = []): Leader {
    const stop = new AbortController();
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const coordinator = new Coordinator({
      fleet: fleet.name,
      instance,
      store,
      isLeader: () => true,
      shards: () => shards,
      isGone: () => false,
      wake: () => undefined,
      clock: systemClock,
      random: systemRandom,
      log: createLog({ level: 'warn', format: 'json', destination }),
    });
    const ended = coordinator.start(stop.signal);
    let held: Grant | undefined;
    return {
      log: lines,
      ask() {
        const limit = held?.shares['total']?.limit ?? 0;
        const told: Demand = {
          ...(held && { grant: held.id }),
          uses: { total: { wanted: 50, load: 0, limit } },
          throttled: 0,
        };
        coordinator.hear(HOLDER, told);
        const grant = coordinator.grant(HOLDER);
        held = grant ?? held;
        return grant;
      },
      setCap: (perSecond) => coordinator.setLimits({ perSecond }),
      async [Symbol.asyncDispose]() {
        stop.abort();
        await ended;
      },
    };
  }

  const untilGranted = (leader: Leader, limit: number): Promise<Grant> =>
    waitFor(`a grant of ${limit}`, () => {
      const grant = leader.ask();
      return Promise.resolve(grant?.shares['total']?.limit === limit && grant);
    });
  const table = async (): Promise<GrantTable | undefined> => {
    const stored = await store.read(signal);
    return stored && readTable(stored.text);
  };

  it('tells the next leader what the one before has granted', async () => {
    {
      await using first = lead('first');
      first.setCap(100);
      expect((await untilGranted(first, 100)).id.term).toBe(1);
    }
    const before = await table();
    expect(before?.holders).toMatchObject([{ ...HOLDER, shares: { total: { limit: 100 } } }]);
    await using second = lead('second');
    second.setCap(100);
    expect((await untilGranted(second, 100)).id.term).toBe(2);
  });

  it.each([
    { how: 'edited', hand: () => edit({ data: { 'grants.json': '{"term":99}' } }) },
    { how: 'emptied', hand: () => edit({ data: null }) },
    { how: 'deleted', hand: () => world.client.delete(CONFIG_MAPS, ref) },
  ])('is put right by the leader at work when it was $how by hand', async ({ hand }) => {
    await using leader = lead('leader');
    leader.setCap(100);
    await untilGranted(leader, 100);
    await hand();
    leader.setCap(1_000);
    const { id } = await untilGranted(leader, 1_000);
    expect(id.term).toBe(2);
    expect(await table()).toMatchObject({ term: 2, holders: [HOLDER] });
  });

  it('says what to do when it was made immutable by hand, and goes on once that is done', async () => {
    await using leader = lead('leader');
    leader.setCap(100);
    await untilGranted(leader, 100);
    await edit({ immutable: true });
    leader.setCap(1_000);
    const words = `kubectl -n ${ref.namespace} delete configmap ${ref.name}`;
    await waitFor('words', () => {
      leader.ask();
      return Promise.resolve(leader.log.some((line) => line.includes(words)));
    });
    expect(leader.ask()).toBeUndefined();
    await world.client.delete(CONFIG_MAPS, ref);
    await untilGranted(leader, 1_000);
  });

  it.each([
    { how: 'edited', hand: () => edit({ data: { 'grants.json': '{"term":99}' } }) },
    { how: 'deleted', hand: () => world.client.delete(CONFIG_MAPS, ref) },
  ])(
    'lets a new leader grant nothing to others that a shard may hold, after it was $how by hand',
    async ({ hand }) => {
      {
        await using first = lead('first');
        first.setCap(100);
        await untilGranted(first, 100);
      }
      await hand();
      // The shard that has the grant is 1 to this leader: not heard yet, and its pod is there.
      await using second = lead('second', [0, 1]);
      second.setCap(100);
      const grant = await waitFor('a grant', () => Promise.resolve(second.ask()));
      expect(grant.shares['total']?.limit).toBe(0);
      expect(await table()).toMatchObject({ term: grant.id.term });
    },
  );
});
