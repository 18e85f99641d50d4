import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { StoredBot } from '../../src/controller/bot/stored-bot.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import { connect } from '../kube/api-world.ts';
import { waitFor } from '../support/wait.ts';
import { type AuditedCall, AuditLog, isWrite } from './support/audit-log.ts';
import { makeBots, makeFleet } from './support/fleet.ts';
import { inParallel } from './support/in-parallel.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE } from './support/installation.ts';
import { type Occupancy, watchOccupancy } from './support/occupancy.ts';

const BOTS_PER_SHARD = 100;
const OURS = `system:serviceaccount:${OPERATOR_NAMESPACE}:`;
const MINUTE_MS = 60_000;
const QUIET_MS = 10_000;

const SPEC = {
  sharding: { botsPerShard: BOTS_PER_SHARD, maxShards: 6 },
  runtime: { resources: { requests: { cpu: '10m', memory: '64Mi' } } },
};

describe('hundreds of bots', () => {
  let installation: Installation;
  let client: HttpKubeClient;
  beforeAll(async () => {
    installation = await Installation.open();
    const rate = { perSecond: 500, burst: 1_000 };
    client = await connect(installation.kubeconfig, { rate });
  });
  afterAll(async () => {
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  it('300 over 3 shards, 600 over 6, none ever too full; then not one write in a minute', async () => {
    const { kubectl } = installation;
    await using tenant = await installation.tenant();
    await using occupancy = await watchOccupancy(client, tenant.name);
    await using fleet = await makeFleet(installation, 'big', SPEC);

    for (const [from, to] of [
      [0, 300],
      [300, 600],
    ] as const) {
      const startedMs = performance.now();
      const names = Array.from({ length: to - from }, (_, index) => `bot-${from + index}`);
      const spec = { fleet: fleet.name };
      await makeBots(installation, { client, namespace: tenant.name, names, spec });
      const madeMs = performance.now();
      await waitFor(`${to} bots to be Ready`, () => readyBots(occupancy) === to, {
        timeoutMs: 180_000,
        intervalMs: 100,
      });
      console.log(
        `${to} bots: made in ${seconds(madeMs - startedMs)}, all Ready ${seconds(performance.now() - madeMs)} later`,
      );
      const shards = to / BOTS_PER_SHARD;
      expect([...occupancy.now.values()]).toEqual(Array(shards).fill(BOTS_PER_SHARD));
      await waitFor(
        `${shards} shards in the status`,
        async () => {
          const { status } = await kubectl.get(...inSystem('botfleet', fleet.name));
          return status.readyShards === shards && status.readyBots === to;
        },
        { timeoutMs: 30_000, intervalMs: 500 },
      );
    }
    expect(Math.max(...occupancy.most.values())).toBe(BOTS_PER_SHARD);
    await printMemory();

    const path = inject('auditLog');
    if (path === undefined) console.log('without an audit log nobody can tell what is written');
    else {
      const log = new AuditLog(path);
      expect((await writes(log, 0)).length).toBeGreaterThan(2 * occupancy.bots.size);
      await expectAnIdleMinute(log);
    }

    const deletedMs = performance.now();
    await kubectl.run('delete', 'namespace', tenant.name, '--timeout=120s');
    console.log(`600 bots gone with their namespace in ${seconds(performance.now() - deletedMs)}`);
    expect(occupancy.bots.size).toBe(0);
  });

  /** Resident memory of the program in each pod. */
  async function printMemory(): Promise<void> {
    const { kubectl } = installation;
    const pods = await kubectl.list(...inSystem('pods', '-l', 'app.kubernetes.io/name=tenantbot'));
    const lines = await inParallel(pods, 4, async ({ metadata: { name } }) => {
      const status = await kubectl.run(...inSystem('exec', name, '--', 'cat', '/proc/1/status'));
      const [, kib] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
      return `${name} ${Math.round(Number(kib) / 1024)} MiB`;
    });
    console.log(`memory: ${lines.join(', ')}`);
  }
});

/** Waits until what has just happened has been written, then looks at a minute. */
async function expectAnIdleMinute(log: AuditLog): Promise<void> {
  let since = { at: await log.end(), ms: performance.now() };
  await waitFor(
    'the last write about what has just happened',
    async () => {
      if (performance.now() - since.ms < QUIET_MS) return false;
      if ((await writes(log, since.at)).length === 0) return true;
      since = { at: await log.end(), ms: performance.now() };
      return false;
    },
    { timeoutMs: 90_000, intervalMs: 500 },
  );
  const from = await log.end();
  await setTimeout(MINUTE_MS);
  const calls = await log.calls(OURS, from);
  // The leader renews its lease all the while: the log is being written.
  expect(calls.filter(isLease).length).toBeGreaterThan(10);
  expect(await writes(log, from)).toEqual([]);
}

async function writes(log: AuditLog, since: number): Promise<AuditedCall[]> {
  const calls = await log.calls(OURS, since);
  return calls.filter((call) => isWrite(call) && !isLease(call));
}

function isLease({ group, resource, verb }: AuditedCall): boolean {
  return group === 'coordination.k8s.io' && resource === 'leases' && verb === 'update';
}

function readyBots({ bots }: Occupancy): number {
  return [...bots.values()].filter(isReady).length;
}

function isReady({ status }: StoredBot): boolean {
  const { conditions = [] } = (status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
