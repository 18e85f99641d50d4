import { expect, it } from 'vitest';
import { type StoredBot, TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { STATEFUL_SETS } from '../../../src/kube/well-known.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import type { BotWorld } from './bot-world.ts';
import { botWorld, condition } from './bot-world.ts';
import type { FakeRuntime } from './fake-runtime.ts';

const FLEET = 'default';

describeWithApiServer('bots of a fleet', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it('spread over a shard when it has come up, then nothing is written, also by a new leader', async () => {
    const fleet = new Fleet(world());
    fleet.start(0);
    const first = await world().lead();
    await fleet.addBots(6);
    await world().fleet(FLEET, { minShards: 2 });
    await world().clock.advanceAsync(20_000);
    // Its pod does not run yet.
    expect(fleet.sizes()).toEqual([6]);
    fleet.start(1);
    await fleet.untilSizes([3, 3], 5_000);
    expect(first.moves).toHaveLength(3);
    for (const name of (await fleet.byAge()).slice(-3)) {
      const { status } = await world().untilReady(name);
      expect(status?.placement).toMatchObject({ shard: 1, epoch: 2 });
    }
    const before = first.mortal.writes.length;
    for (let second = 0; second < 20; second++) await fleet.seconds(1);
    expect(first.mortal.writes).toHaveLength(before);
    await first[Symbol.asyncDispose]();
    const second = await world().lead();
    await waitFor('both runtimes to be heard', () => fleet.isHeard(second));
    for (let passed = 0; passed < 20; passed++) await fleet.seconds(1);
    expect(second.mortal.writes).toEqual([]);
    expect(second.moves).toEqual([]);
  });

  it('weigh what their specs say', async () => {
    const fleet = new Fleet(world());
    fleet.start(0);
    await world().lead();
    await world().botWithToken('heavy', 50, { limits: { weight: 3 } });
    await fleet.addBots(3);
    await world().fleet(FLEET, { minShards: 2 });
    fleet.start(1);
    await fleet.untilSizes([3, 1], 5_000);
  });

  it('move no faster than the fleet allows', async () => {
    const fleet = new Fleet(world());
    fleet.start(0);
    await world().lead();
    await fleet.addBots(6);
    await world().fleet(FLEET, { minShards: 2, movesPerMinute: 2 });
    fleet.start(1);
    await fleet.untilSizes([5, 1], 5_000);
    for (let second = 0; second < 20; second++) await fleet.seconds(1);
    expect(fleet.sizes()).toEqual([5, 1]);
    await fleet.untilSizes([4, 2], 5_000);
  });

  it('leave the highest shard before its pod is taken away', async () => {
    const fleet = new Fleet(world());
    for (const ordinal of [0, 1, 2]) fleet.start(ordinal);
    await world().fleet(FLEET, { minShards: 3, botsPerShard: 10 });
    await world().lead({ fleets: true });
    await fleet.addBots(6);
    await fleet.untilSizes([2, 2, 2], 0);
    await waitFor('three replicas', async () => (await fleet.replicas()) === 3);
    await world().fleet(FLEET, { minShards: 1, maxShards: 2, botsPerShard: 10, movesPerMinute: 6 });
    await fleet.untilSizes([3, 2, 1], 0);
    expect(await fleet.replicas()).toBe(3);
    await fleet.untilSizes([4, 2, 0], 1_000);
    await waitFor('two replicas', async () => (await fleet.replicas()) === 2);
    expect(fleet.sizes()[1]).toBeGreaterThan(0);
    await fleet.untilSizes([6, 0, 0], 1_000);
    await waitFor('one replica', async () => (await fleet.replicas()) === 1);
  });

  it('have to wait, the youngest of them, where there is no room left', async () => {
    const fleet = new Fleet(world());
    for (const ordinal of [0, 1]) fleet.start(ordinal);
    await world().fleet(FLEET, { botsPerShard: 3, minShards: 2, maxShards: 2 });
    await world().lead();
    await fleet.addBots(6);
    await world().fleet(FLEET, { botsPerShard: 2, minShards: 2, maxShards: 2 });
    const names = await fleet.byAge();
    for (const name of names.slice(-2)) {
      const { status } = await world().untilReason(name, 'NoCapacity');
      expect(status?.phase).toBe('Pending');
      expect(condition(status, 'Ready')?.message).toContain('spec.sharding.maxShards');
    }
    await fleet.untilSizes([2, 2], 1_000);
    for (const name of names.slice(0, -2)) await world().untilReady(name);
    fleet.start(2);
    await world().fleet(FLEET, { botsPerShard: 2, minShards: 2, maxShards: 3 });
    for (const name of names.slice(-2)) await world().untilReady(name);
    expect(fleet.sizes()).toEqual([2, 2, 2]);
  });

  it('stay where they are when somebody scales the StatefulSet by hand', async () => {
    const fleet = new Fleet(world());
    for (const ordinal of [0, 1]) fleet.start(ordinal);
    await world().fleet(FLEET, { minShards: 2 });
    const leader = await world().lead({ fleets: true });
    await fleet.addBots(4);
    for (const replicas of [0, 5]) {
      await fleet.scaleByHand(replicas);
      await waitFor('two replicas', async () => (await fleet.replicas()) === 2);
    }
    for (let second = 0; second < 10; second++) await fleet.seconds(1);
    expect(fleet.sizes()).toEqual([2, 2]);
    expect(leader.moves).toEqual([]);
  });
});

/** The runtimes of the fleet `default`, and what is at the API server of it. */
class Fleet {
  readonly #world: BotWorld;
  readonly #runtimes: FakeRuntime[] = [];

  constructor(world: BotWorld) {
    this.#world = world;
  }

  start(ordinal: number): void {
    this.#runtimes[ordinal] = this.#world.run({ fleet: FLEET, ordinal });
  }

  /** Bots with the numbers from 1. */
  async addBots(count: number): Promise<void> {
    for (let number = 1; number <= count; number++) {
      await this.#world.botWithToken(`bot-${number}`, number);
      await this.#world.untilReady(`bot-${number}`);
    }
  }

  /** The names of all bots, the oldest first: some are of one second. */
  async byAge(): Promise<string[]> {
    const [namespace] = this.#world.namespaces;
    const { items } = await this.#world.client.list(TENANT_BOTS, { namespace });
    const rank = ({ metadata }: StoredBot): string =>
      `${metadata.creationTimestamp} ${metadata.uid}`;
    return items
      .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
      .map(({ metadata }) => metadata.name);
  }

  /** How many bots each runtime runs. */
  sizes(): number[] {
    return this.#runtimes.map(({ running }) => running.size);
  }

  isHeard({ hub }: { readonly hub: { lastSeen(shard: object): number | undefined } }): boolean {
    return this.#runtimes.every((_, ordinal) => hub.lastSeen({ fleet: FLEET, ordinal }));
  }

  /** Waits until each runtime runs as many, while time goes on `stepMs` faster at each look. */
  async untilSizes(sizes: readonly number[], stepMs: number): Promise<void> {
    await waitFor(
      `${sizes} bots on the shards`,
      async () => {
        if (`${this.sizes()}` === `${sizes}`) return true;
        await this.seconds(stepMs / 1_000);
        return false;
      },
      { timeoutMs: 30_000, intervalMs: 100 },
    );
  }

  /** Time goes on, not faster than the shards are heard. */
  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      await this.#world.clock.advanceAsync(1_000);
      const nowMs = this.#world.clock.monotonicMs();
      await waitFor('the shards to be heard', () =>
        this.#runtimes.every((_, ordinal) => {
          const shard = { fleet: FLEET, ordinal };
          return (this.#world.leader?.hub.lastSeen(shard) ?? 0) >= nowMs;
        }),
      );
    }
  }

  async replicas(): Promise<number | undefined> {
    const [namespace] = this.#world.namespaces;
    const ref = { namespace, name: `tenantbot-${FLEET}` };
    return (await this.#world.client.get(STATEFUL_SETS, ref)).spec.replicas;
  }

  async scaleByHand(replicas: number): Promise<void> {
    const [namespace] = this.#world.namespaces;
    const ref = { namespace, name: `tenantbot-${FLEET}` };
    await this.#world.client.mergePatch(STATEFUL_SETS, ref, { spec: { replicas } });
  }
}
