import { expect, it } from 'vitest';
import { PODS, type Pod } from '../../../src/kube/well-known.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import { type BotWorld, botWorld } from './bot-world.ts';
import type { FakeRuntime } from './fake-runtime.ts';

const STAYS = { fleet: 'default', ordinal: 0 };
const LOST = { fleet: 'default', ordinal: 1 };
const REASSIGN_SECONDS = 30;
const BOTS = 4;

describeWithApiServer('a shard that falls silent', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it.each<[string, (shards: Shards) => Promise<unknown>]>([
    ['is not Ready', (shards) => shards.setStatus(1, notReady())],
    ['has Failed', (shards) => shards.setStatus(1, { phase: 'Failed', ...notReady() })],
    ['was deleted by force', (shards) => shards.deleteByForce(1)],
  ])('while its pod %s loses its bots after reassignSeconds, and no sooner', async (_, harm) => {
    const shards = await Shards.start(world());
    const epochs = await shards.epochs();
    expect([...epochs.values()].filter(({ shard }) => shard === 1)).toHaveLength(BOTS / 2);
    await world().kill(LOST);
    await harm(shards);
    await shards.seconds(REASSIGN_SECONDS - 5);
    expect(await shards.epochs()).toEqual(epochs);
    await shards.seconds(10);
    await waitFor(
      'all bots to run on the shard that is left',
      () => shards.stays.running.size === BOTS,
    );
    for (const [name, before] of epochs) {
      const { status } = await world().untilReady(name);
      const moved = before.shard === 1 ? 1 : 0;
      expect(status?.placement).toMatchObject({ shard: 0, epoch: before.epoch + moved });
    }
  });

  it('while its pod is Ready keeps its bots, whose runtime lives out of reach', async () => {
    const shards = await Shards.start(world());
    const epochs = await shards.epochs();
    await world().kill(LOST);
    await shards.seconds(3 * REASSIGN_SECONDS);
    expect(await shards.epochs()).toEqual(epochs);
    world().run(LOST, await shards.uid(1));
    for (const name of epochs.keys()) await world().untilReady(name);
    expect(await shards.epochs()).toEqual(epochs);
  });

  it('and comes back in another pod before that has its bots again, and moves none', async () => {
    const shards = await Shards.start(world());
    const epochs = await shards.epochs();
    const before = await shards.uid(1);
    await world().kill(LOST);
    await shards.deleteByForce(1);
    const after = await waitFor('the next pod', async () => {
      const uid = await shards.uid(1).catch(() => undefined);
      return uid !== before && uid;
    });
    await shards.seconds(10);
    world().run(LOST, after);
    await shards.setStatus(1, ready());
    for (const name of epochs.keys()) await world().untilReady(name);
    await shards.seconds(REASSIGN_SECONDS);
    expect(await shards.epochs()).toEqual(epochs);
  });
});

/** Two shards with as many bots each, whose pods the StatefulSet controller makes. */
class Shards {
  readonly stays: FakeRuntime;
  readonly #world: BotWorld;

  private constructor(world: BotWorld, stays: FakeRuntime) {
    this.#world = world;
    this.stays = stays;
  }

  static async start(world: BotWorld): Promise<Shards> {
    const sharding = { minShards: 2, maxShards: 2, reassignSeconds: REASSIGN_SECONDS };
    await world.fleet('default', { ...sharding, botsPerShard: BOTS });
    await world.lead({ fleets: true, pods: true });
    const stays = world.run(STAYS);
    world.run(LOST);
    const shards = new Shards(world, stays);
    for (const ordinal of [0, 1]) {
      await waitFor(`pod ${ordinal}`, () => shards.setStatus(ordinal, ready()).catch(() => false));
    }
    for (let number = 1; number <= BOTS; number++) {
      await world.botWithToken(`bot-${number}`, number);
      await world.untilReady(`bot-${number}`);
    }
    return shards;
  }

  /** Where each bot is placed. */
  async epochs(): Promise<Map<string, { readonly shard: number; readonly epoch: number }>> {
    const names = Array.from({ length: BOTS }, (_, index) => `bot-${index + 1}`);
    const places = names.map(async (name) => {
      const { shard = -1, epoch = 0 } = (await this.#world.get(name))?.status?.placement ?? {};
      return [name, { shard, epoch }] as const;
    });
    return new Map(await Promise.all(places));
  }

  /** Time goes on, not faster than the shard that is left is heard. */
  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) await this.#world.oneSecond(STAYS);
  }

  async uid(ordinal: number): Promise<string> {
    return (await this.#world.client.get(PODS, this.#ref(ordinal))).metadata.uid;
  }

  setStatus(ordinal: number, status: object): Promise<Pod> {
    const options = { subresource: 'status' } as const;
    return this.#world.client.mergePatch(PODS, this.#ref(ordinal), { status }, options);
  }

  deleteByForce(ordinal: number): Promise<void> {
    return this.#world.client.delete(PODS, this.#ref(ordinal), { gracePeriodSeconds: 0 });
  }

  #ref(ordinal: number) {
    return { namespace: this.#world.namespaces[0], name: `tenantbot-default-${ordinal}` };
  }
}

function ready(): object {
  return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
}

function notReady(): object {
  return { conditions: [{ type: 'Ready', status: 'False' }] };
}
