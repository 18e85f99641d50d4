import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEADER_LEASE } from '../../src/controller/rights.ts';
import { holderOf, LEASES } from '../../src/kube/elector-record.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { connect } from '../kube/api-world.ts';
import { busiestSecond, meanRate } from '../support/call-rate.ts';
import { waitFor } from '../support/wait.ts';
import { makeBots, makeFleet, type TestFleet } from './support/fleet.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE } from './support/installation.ts';
import { killProgram } from './support/kill.ts';
import { type Occupancy, watchOccupancy } from './support/occupancy.ts';
import { ECHO, Traffic } from './support/traffic.ts';

const SHARDS = 6;
const BOTS = 120;
const NAMES = Array.from({ length: BOTS }, (_, n) => `bot-${n}`);
const CAP = 300;
/** How long the demand rests on the same two shards: where there is no leader, no share follows it. */
const SHIFT_MS = 45_000;
const KILL_EVERY_MS = 20_000;
const KILLS = 8;
/** The aim is 0.9, which is printed; all the shards share their cores with who talks to them. */
const LEAST_USE = 0.8;
/** The first leader has to learn of the demand. */
const WARM_MS = 10_000;

describe("a fleet's limit", () => {
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
    fleet = await makeFleet(installation, 'limited', {
      sharding: { botsPerShard: BOTS, minShards: SHARDS, maxShards: SHARDS },
      rateLimits: { perSecond: CAP },
    });
    const spec = { fleet: fleet.name, ...ECHO };
    bots = await makeBots(installation, { client, namespace: tenant.name, names: NAMES, spec });
    const until = ['--for=condition=Ready', '--timeout=120s'];
    await installation.kubectl.run('-n', tenant.name, 'wait', 'tenantbots', '--all', ...until);
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await occupancy[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  async function killLeader(): Promise<void> {
    const lease = { namespace: OPERATOR_NAMESPACE, name: LEADER_LEASE };
    const pod = await waitFor(
      'a leader that is alive, which ends by being killed',
      async () => {
        const [name] = holderOf(await client.get(LEASES, lease))?.split('_') ?? [];
        if (name !== undefined) await killProgram(installation, name);
        return name;
      },
      { timeoutMs: KILL_EVERY_MS, intervalMs: 500 },
    );
    // A kubelet waits ever longer before it starts again what dies again and again.
    await installation.kubectl.run(...inSystem('delete', 'pod', pod, '--wait=false'));
  }

  it('holds in every second and is used, while leaders die and the demand moves', async () => {
    const byShard = placesByShard(occupancy);
    const since = await installation.emulator.lastCallSeq();
    const startedMs = performance.now();
    // More than the limit lets through, always at two of the six shards.
    const next = (said: number): number => {
      const hot = Math.floor((performance.now() - startedMs) / SHIFT_MS) % (SHARDS / 2);
      const places = [...(byShard[2 * hot] ?? []), ...(byShard[2 * hot + 1] ?? [])];
      return places[said % places.length] ?? 0;
    };
    const traffic = new Traffic(installation.emulator, bots, { pauseMs: 20, talkers: 24, next });
    for (let kills = 0; kills < KILLS; kills++) {
      await setTimeout(KILL_EVERY_MS);
      await killLeader();
    }
    await setTimeout(KILL_EVERY_MS);
    const calls = await installation.emulator.calls({ since, limit: 100_000 });
    const words = Math.round((1_000 * traffic.said) / (performance.now() - startedMs));
    await traffic.end();
    const ours = new Set(bots);
    const times = calls
      .filter(({ bot }) => bot !== null && ours.has(bot.id))
      .map(({ startedAtMs }) => startedAtMs)
      .toSorted((a, b) => a - b);
    const most = busiestSecond(times);
    const use = meanRate(times, WARM_MS) / CAP;
    console.log(
      `${times.length} calls (${words} words a second), ${KILLS} leaders killed: at most ${most} in a second of ${CAP}, ${Math.round(100 * use)} % used`,
    );
    expect(most).toBeLessThanOrEqual(CAP);
    expect(use).toBeGreaterThanOrEqual(LEAST_USE);
  });
});

/** By shard: the places of its bots among all of them. */
function placesByShard({ bots }: Occupancy): readonly (readonly number[])[] {
  const byShard: number[][] = Array.from({ length: SHARDS }, () => []);
  for (const [place, name] of NAMES.entries()) {
    const status = bots.get(name)?.status as
      | { readonly placement?: { readonly shard: number } }
      | undefined;
    byShard[status?.placement?.shard ?? 0]?.push(place);
  }
  return byShard;
}
