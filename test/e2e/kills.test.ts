import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import { LEADER_LEASE } from '../../src/controller/rights.ts';
import { holderOf, LEASES } from '../../src/kube/elector-record.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { connect } from '../kube/api-world.ts';
import { untilItSays } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { makeFleet, type TestFleet } from './support/fleet.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE, RELEASE } from './support/installation.ts';
import { killProgram } from './support/kill.ts';
import type { AnyObject } from './support/kubectl.ts';
import { ReadyWatch } from './support/ready-watch.ts';
import { ECHO, Traffic, type TrafficReport } from './support/traffic.ts';

const BOTS = 5;
const PAUSE_MS = 20;
/** Words in hand of one bot when it is killed, answered and not confirmed: they come again. */
const IN_HAND = 20;
/** How long there is no operator at all. */
const OUTAGE_MS = 60_000;
const NEW_LEADER_MS = 9_000;

describe('under traffic', () => {
  let installation: Installation;
  let client: HttpKubeClient;
  let fleet: TestFleet;
  let tenant: TestNamespace;
  const bots: number[] = [];

  beforeAll(async () => {
    installation = await Installation.open();
    client = await connect(installation.kubeconfig);
    fleet = await makeFleet(installation, 'kills');
    tenant = await installation.tenant();
    for (let n = 0; n < BOTS; n++) bots.push(await makeEcho(`echo-${n}`));
    await allReady();
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  async function makeEcho(name: string): Promise<number> {
    const spec = { fleet: fleet.name, ...ECHO };
    return (await installation.makeBot(tenant.name, name, spec)).id;
  }

  const allReady = (): Promise<string> => {
    const until = ['--for=condition=Ready', '--timeout=60s'];
    return installation.kubectl.run('-n', tenant.name, 'wait', 'tenantbots', '--all', ...until);
  };
  const listed = async (): Promise<readonly AnyObject[]> =>
    (await client.list(TENANT_BOTS, { namespace: tenant.name })).items;
  const placements = async (): Promise<object> =>
    Object.fromEntries(
      (await listed()).map(({ metadata, status }) => [metadata.name, status.placement]),
    );
  const talk = (): Traffic => new Traffic(installation.emulator, bots, { pauseMs: PAUSE_MS });
  const leader = async (): Promise<string | undefined> =>
    holderOf(await client.get(LEASES, { namespace: OPERATOR_NAMESPACE, name: LEADER_LEASE }));

  /** Gives `echo-0` another handler; resolves to how long it took to have an effect. */
  async function untilChanged(text: string): Promise<number> {
    const spec = { handlers: [...ECHO.handlers, { text: { exact: 'now?', reply: { text } } }] };
    await client.mergePatch(TENANT_BOTS, { namespace: tenant.name, name: 'echo-0' }, { spec });
    const said = { bot: bots[0] ?? 0, from: 'asker', text: 'now?', timeoutMs: 2 * OUTAGE_MS };
    return untilItSays(installation.emulator, text, said);
  }

  async function killRuntime(): Promise<string> {
    await killProgram(installation, fleet.pod(0));
    return 'Killed';
  }

  async function deleteRuntime(): Promise<string> {
    const how = ['--force', '--grace-period=0'];
    return installation.kubectl.run(...inSystem('delete', 'pod', fleet.pod(0), ...how));
  }

  it.each([
    ['is killed', killRuntime],
    ['is deleted with its pod, by force', deleteRuntime],
  ])('a runtime that %s is back with the same bots, and nothing is lost', async (how, kill) => {
    const before = await placements();
    const traffic = talk();
    await traffic.more(100);
    const beforeSeq = await installation.emulator.lastCallSeq();
    await kill();
    const came = {
      kind: 'calls',
      method: 'getMe',
      ok: true,
      since: beforeSeq,
      count: BOTS,
    } as const;
    const back = await installation.emulator.waitFor(came, { timeoutMs: 60_000 });
    expect(back.met, 'every bot has begun anew').toBe(true);
    await traffic.more(100);
    const report = await traffic.report();
    tell(`a runtime that ${how}`, report);
    expect(report.lost).toBe(0);
    expect(report.doubled).toBeLessThanOrEqual(BOTS * IN_HAND);
    await allReady();
    expect(await placements()).toEqual(before);
  });

  it('a leader that is killed is replaced, and no bot notices', async () => {
    const before = await placements();
    await using watch = await ReadyWatch.open(client, tenant.name);
    const traffic = talk();
    await traffic.more(50);
    const holder = (await leader()) ?? expect.unreachable('nobody leads');
    const [pod = ''] = holder.split('_');
    await killProgram(installation, pod);
    const killedMs = performance.now();
    const changed = untilChanged('now under the next leader');
    await waitFor('the next leader', async () => ![holder, undefined].includes(await leader()), {
      timeoutMs: 30_000,
      intervalMs: 20,
    });
    const tookMs = performance.now() - killedMs;
    console.log(`leader killed: the next one after ${Math.round(tookMs)} ms`);
    console.log(
      `a change that was made meanwhile: in effect after ${Math.round(await changed)} ms`,
    );
    expect(tookMs).toBeLessThan(NEW_LEADER_MS);
    await traffic.more(50);
    const report = await traffic.report();
    tell('a leader that is killed', report);
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(await placements()).toEqual(before);
    expect(watch.lapses).toEqual([]);
  });

  it('all replicas of the operator are gone for a minute, and every message is answered', async () => {
    const { kubectl } = installation;
    const before = await placements();
    await using watch = await ReadyWatch.open(client, tenant.name);
    const traffic = talk();
    const replicas = (await installation.operatorPods()).length;
    const scale = (to: number): Promise<string> =>
      kubectl.run(...inSystem('scale', `deployment/${RELEASE}`, `--replicas=${to}`));
    let changed: Promise<unknown>;
    try {
      await scale(0);
      const all = ['-l', 'app.kubernetes.io/component=operator'];
      await kubectl.run(...inSystem('delete', 'pods', ...all, '--force', '--grace-period=0'));
      const goneMs = performance.now();
      changed = untilChanged('now that it is back');
      changed.catch(() => undefined);
      await waitFor('the outage to be over', () => performance.now() - goneMs >= OUTAGE_MS, {
        timeoutMs: 2 * OUTAGE_MS,
        intervalMs: 500,
      });
      expect(await installation.operatorPods()).toEqual([]);
    } finally {
      await scale(replicas);
    }
    const backMs = performance.now();
    await changed;
    const tookMs = Math.round(performance.now() - backMs);
    console.log(`a change made during the outage: in effect ${tookMs} ms after its end`);
    await traffic.more(50);
    const report = await traffic.report();
    tell(`no operator for ${OUTAGE_MS / 1000} s`, report);
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.slowestMs).toBeLessThan(1_000);
    await kubectl.run(...inSystem('rollout', 'status', `deployment/${RELEASE}`, '--timeout=60s'));
    await waitFor('the status to speak of the newest spec', async () =>
      (await listed()).every(({ metadata, status }) =>
        status.conditions.every((of: AnyObject) => of.observedGeneration === metadata.generation),
      ),
    );
    expect(await placements()).toEqual(before);
    expect(watch.seen).toBeGreaterThan(0);
    expect(watch.lapses).toEqual([]);
  });
});

function tell(what: string, { said, lost, doubled, slowestMs }: TrafficReport): void {
  console.log(
    `${what}: ${said} messages, ${lost} lost, ${doubled} answered twice, the slowest answer after ${slowestMs} ms`,
  );
}
