import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { connect } from '../kube/api-world.ts';
import { waitFor } from '../support/wait.ts';
import { makeBots, makeFleet, type TestFleet } from './support/fleet.ts';
import { Installation, inSystem } from './support/installation.ts';
import { cutOff, killProgram, signalProgram } from './support/kill.ts';
import { type Occupancy, watchOccupancy } from './support/occupancy.ts';
import { ECHO, Traffic, type TrafficReport } from './support/traffic.ts';

const BOTS = 200;
/** Words in hand of a bot when its runtime dies, answered and not confirmed: they come again. */
const IN_HAND = 20;
/** Of its design 60: so that a test need not take minutes. */
const REASSIGN_SECONDS = 10;
const SETTLED = { timeoutMs: 120_000, intervalMs: 200 };

/** What a person sees of a move that was planned: the aim is 1 s, on a machine with time to spare. */
const PLANNED = { lost: 0, doubled: 0, slowestMs: 2_000 };

describe('200 bots under traffic', () => {
  let installation: Installation;
  let client: HttpKubeClient;
  let tenant: TestNamespace;
  let occupancy: Occupancy;
  let fleet: TestFleet;
  let bots: readonly number[];

  beforeAll(async () => {
    installation = await Installation.open();
    client = await connect(installation.kubeconfig, { rate: { perSecond: 500, burst: 1_000 } });
    tenant = await installation.tenant();
    occupancy = await watchOccupancy(client, tenant.name);
    fleet = await makeFleet(installation, 'moves', {
      sharding: {
        botsPerShard: 100,
        minShards: 4,
        maxShards: 6,
        reassignSeconds: REASSIGN_SECONDS,
        movesPerMinute: 1_200,
      },
      runtime: { canarySeconds: 1 },
    });
    bots = await makeBots(installation, {
      client,
      namespace: tenant.name,
      names: Array.from({ length: BOTS }, (_, n) => `bot-${n}`),
      spec: { fleet: fleet.name, ...ECHO },
    });
    await until('all bots to answer on 4 shards', (on) => isEven(on, 4) && readyBots() === BOTS);
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await occupancy[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  const pod = (ordinal: number): string => fleet.pod(ordinal);
  const shardOf = (ordinal: number): string => `${fleet.name}/${ordinal}`;
  const readyBots = (): number => [...occupancy.bots.values()].filter(isReady).length;

  /** Waits until the shards' loads are as wanted. */
  async function until(what: string, is: (on: readonly number[]) => boolean): Promise<void> {
    const loads = (): number[] =>
      Array.from({ length: 7 }, (_, ordinal) => occupancy.now.get(shardOf(ordinal)) ?? 0);
    await waitFor(what, () => is(loads()), SETTLED).catch((error: Error) => {
      throw new Error(`${error.message}; bots by shard: ${loads().join(' ')}`);
    });
  }

  /** What becomes of words that are said all the while, before and after `act`, too. */
  async function during(what: string, act: () => Promise<unknown>): Promise<TrafficReport> {
    const traffic = new Traffic(installation.emulator, bots, { pauseMs: 2 });
    await traffic.more(BOTS);
    await act();
    await traffic.more(2 * BOTS);
    const report = await traffic.report();
    const { said, lost, doubled, slowestMs } = report;
    console.log(
      `${what}: ${said} words, ${lost} lost, ${doubled} answered twice, the slowest answer after ${slowestMs} ms`,
    );
    return report;
  }

  const restarted = async (ordinal: number, before: number): Promise<void> => {
    await waitFor(
      `${pod(ordinal)} to be Ready again`,
      async () => {
        const { status } = await installation.kubectl.get(...inSystem('pod', pod(ordinal)));
        const [container] = status.containerStatuses;
        return container.ready && container.restartCount > before;
      },
      SETTLED,
    );
  };
  const restarts = async (ordinal: number): Promise<number> => {
    const { status } = await installation.kubectl.get(...inSystem('pod', pod(ordinal)));
    return status.containerStatuses[0].restartCount;
  };

  it('notice nothing when shards come: no more are moved than it takes', async () => {
    const epochs = sumOfEpochs(occupancy);
    const report = await during('from 4 to 6 shards', async () => {
      await fleet.patch({ sharding: { minShards: 6 } });
      await until('6 shards that bear alike', (on) => isEven(on, 6));
    });
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.slowestMs).toBeLessThanOrEqual(PLANNED.slowestMs);
    // Where one shard is there before the other, it takes its part of five first.
    const most = Math.ceil(BOTS / 5) + Math.ceil(BOTS / 6);
    expect(sumOfEpochs(occupancy) - epochs).toBeLessThanOrEqual(most);
  });

  it('notice nothing when shards go', async () => {
    const report = await during('from 6 to 3 shards', async () => {
      await fleet.patch({ sharding: { minShards: 3, maxShards: 3 } });
      await until('3 shards that bear alike', (on) => isEven(on, 3));
      await waitFor(
        'the other pods to go',
        async () => {
          const set = await installation.kubectl.get(
            ...inSystem('statefulset', `tenantbot-${fleet.name}`),
          );
          return set.spec.replicas === 3 && set.status.replicas === 3;
        },
        SETTLED,
      );
    });
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.slowestMs).toBeLessThanOrEqual(PLANNED.slowestMs);
  });

  it('stay where they are when the runtimes are renewed', async () => {
    const before = placements(occupancy);
    const report = await during('pods renewed', async () => {
      await fleet.patch({ runtime: { env: [{ name: 'RENEWED', value: 'once' }] } });
      await waitFor(
        'all pods to be renewed',
        async () => {
          const { status } = await installation.kubectl.get(
            ...inSystem('statefulset', `tenantbot-${fleet.name}`),
          );
          const { updateRevision, currentRevision, updatedReplicas, readyReplicas } = status;
          const isOver = updateRevision === currentRevision && updatedReplicas === 3;
          return isOver && readyReplicas === 3;
        },
        SETTLED,
      );
    });
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(placements(occupancy)).toEqual(before);
  });

  it('are back where they were when their shard is killed', async () => {
    const before = placements(occupancy);
    const report = await during('a shard killed', async () => {
      const count = await restarts(1);
      await killProgram(installation, pod(1));
      await restarted(1, count);
    });
    expect(report.lost).toBe(0);
    expect(report.doubled).toBeLessThanOrEqual(Math.ceil(BOTS / 3) * IN_HAND);
    expect(placements(occupancy)).toEqual(before);
  });

  it('are back where they were when the pod is deleted by force', async () => {
    const before = placements(occupancy);
    const report = await during('a pod deleted by force', async () => {
      const { metadata } = await installation.kubectl.get(...inSystem('pod', pod(2)));
      const how = ['--force', '--grace-period=0'];
      await installation.kubectl.run(...inSystem('delete', 'pod', pod(2), ...how));
      await waitFor(
        'the next pod to be Ready',
        async () => {
          const next = await installation.kubectl.get(...inSystem('pod', pod(2)));
          return (
            next.metadata.uid !== metadata.uid && next.status.containerStatuses?.[0]?.ready === true
          );
        },
        SETTLED,
      );
    });
    expect(report.lost).toBe(0);
    expect(report.doubled).toBeLessThanOrEqual(Math.ceil(BOTS / 3) * IN_HAND);
    expect(placements(occupancy)).toEqual(before);
  });

  it.skipIf(inject('nodeState') === undefined)(
    'stay with a shard that is cut off from the operator and does its work',
    async () => {
      const before = placements(occupancy);
      const report = await during('a shard cut off from the operator', async () => {
        const mend = await cutOff(installation, pod(0));
        await waitFor(
          'longer than it takes to give up a shard',
          silentFor(3 * REASSIGN_SECONDS * 1_000),
          { timeoutMs: 5 * REASSIGN_SECONDS * 1_000, intervalMs: 500 },
        );
        await mend();
      });
      expect(report).toMatchObject({ lost: 0, doubled: 0 });
      expect(report.slowestMs).toBeLessThanOrEqual(PLANNED.slowestMs);
      expect(placements(occupancy)).toEqual(before);
    },
  );

  it.skipIf(inject('nodeState') === undefined)(
    'are placed elsewhere when their shard is silent and its pod is not Ready',
    async () => {
      const from = occupancy.now.get(shardOf(0)) ?? 0;
      expect(from).toBeGreaterThan(0);
      await fleet.patch({ sharding: { maxShards: 4 } });
      const report = await during('a shard frozen', async () => {
        await signalProgram(installation, pod(0), 'STOP');
        await until('its bots to have left it', ([first]) => first === 0);
        await waitFor('all bots to be Ready', () => readyBots() === BOTS, SETTLED);
        await signalProgram(installation, pod(0), 'CONT').catch(() => undefined);
      });
      expect(report.lost).toBe(0);
      expect(report.doubled).toBeLessThanOrEqual(from * IN_HAND);
      expect(report.slowestMs).toBeLessThanOrEqual((REASSIGN_SECONDS + 15) * 1_000);
    },
  );
});

/** True once so much time has passed since it was made. */
function silentFor(ms: number): () => boolean {
  const sinceMs = performance.now();
  return () => performance.now() - sinceMs >= ms;
}

function isEven(on: readonly number[], shards: number): boolean {
  const used = on.filter((count) => count > 0);
  // No bot moves for less than a tenth of what a shard bears.
  const tolerated = Math.floor(BOTS / shards / 10);
  return used.length === shards && Math.max(...used) - Math.min(...used) <= tolerated;
}

interface Placed {
  readonly placement?: { readonly shard: number; readonly epoch: number };
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

function placements({ bots }: Occupancy): ReadonlyMap<string, unknown> {
  return new Map(
    Array.from(bots, ([name, { status }]) => [name, (status as Placed | undefined)?.placement]),
  );
}

function sumOfEpochs({ bots }: Occupancy): number {
  return [...bots.values()].reduce(
    (sum, { status }) => sum + ((status as Placed | undefined)?.placement?.epoch ?? 0),
    0,
  );
}

function isReady({ status }: { readonly status?: unknown }): boolean {
  const { conditions = [] } = (status ?? {}) as Placed;
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
