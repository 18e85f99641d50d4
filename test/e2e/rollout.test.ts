import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestNamespace } from '../cluster/namespace.ts';
import { waitFor } from '../support/wait.ts';
import { makeFleet, type TestFleet } from './support/fleet.ts';
import { Installation, inSystem } from './support/installation.ts';
import type { AnyObject } from './support/kubectl.ts';
import { ECHO, Traffic } from './support/traffic.ts';

const FLEET = 'renewed';
const SHARDS = 3;
const BOTS = 6;
const CANARY_SECONDS = 3;
/** A canary that does not start is reported after a minute. */
const REPORTED_MS = 90_000;

describe('the pods of a fleet', () => {
  let installation: Installation;
  let tenant: TestNamespace;
  let fleet: TestFleet;
  const bots: number[] = [];

  beforeAll(async () => {
    installation = await Installation.open();
    tenant = await installation.tenant();
    fleet = await makeFleet(installation, FLEET, {
      sharding: { minShards: SHARDS, botsPerShard: 50 },
      runtime: { canarySeconds: CANARY_SECONDS },
    });
    for (let n = 0; n < BOTS; n++) {
      const { id } = await installation.makeBot(tenant.name, `bot-${n}`, { fleet: FLEET, ...ECHO });
      bots.push(id);
    }
    const until = ['--for=condition=Ready', '--timeout=90s'];
    await installation.kubectl.run('-n', tenant.name, 'wait', 'tenantbots', '--all', ...until);
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
  });

  const storedFleet = (): Promise<AnyObject> =>
    installation.kubectl.get(...inSystem('botfleet', FLEET));
  /** When each shard's pod was made, by ordinal. */
  async function pods(): Promise<{ readonly uid: string; readonly madeAt: string }[]> {
    const found = await installation.kubectl.list(
      ...inSystem('pods', '-l', `tenantbot.dev/fleet=${FLEET}`),
    );
    return found
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
      .map(({ metadata }) => ({ uid: metadata.uid, madeAt: metadata.creationTimestamp }));
  }
  async function untilRenewed(before: readonly { readonly uid: string }[]): Promise<void> {
    await waitFor(
      'all pods to be renewed and the fleet to rest',
      async () => {
        const now = await pods();
        const { status } = await storedFleet();
        const isNew = now.every(({ uid }, ordinal) => uid !== before[ordinal]?.uid);
        return now.length === SHARDS && isNew && !status.rollout && status.readyShards === SHARDS;
      },
      { timeoutMs: 120_000, intervalMs: 200 },
    );
  }
  const placements = async (): Promise<object> =>
    Object.fromEntries(
      (await installation.kubectl.list('-n', tenant.name, 'tenantbots')).map(
        ({ metadata, status }) => [metadata.name, status.placement],
      ),
    );

  it('are renewed one shard first, then the others; no bot moves and no update is lost', async () => {
    const before = { pods: await pods(), placements: await placements() };
    const traffic = new Traffic(installation.emulator, bots, { pauseMs: 20 });
    await traffic.more(50);
    await fleet.patch({ runtime: { env: [{ name: 'RENEWED', value: 'once' }] } });
    await untilRenewed(before.pods);
    await traffic.more(50);
    const report = await traffic.report();
    const made = (await pods()).map(({ madeAt }) => Date.parse(madeAt));
    const [others, canary = 0] = [made.slice(0, -1), made.at(-1)];
    console.log(
      `pods renewed: ${report.said} messages, ${report.lost} lost, ${report.doubled} answered twice, the slowest after ${report.slowestMs} ms`,
    );
    expect(Math.min(...others) - canary).toBeGreaterThanOrEqual(CANARY_SECONDS * 1_000);
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(await placements()).toEqual(before.placements);
  });

  it('stay as they are where the first one does not come up, until that is mended', async () => {
    const before = await pods();
    await fleet.patch({ runtime: { image: 'no-such-image:1', imagePullPolicy: 'Never' } });
    const stalled = await waitFor(
      'the fleet to say so',
      async () => {
        const { status } = await storedFleet();
        return status.conditions.find(
          ({ type, reason }: AnyObject) => type === 'Stalled' && reason === 'CanaryUnhealthy',
        );
      },
      { timeoutMs: REPORTED_MS, intervalMs: 500 },
    );
    expect(stalled.message).toContain(`Shard ${SHARDS - 1} was renewed first`);
    expect(stalled.message).toContain('image');
    expect((await pods()).slice(0, -1)).toEqual(before.slice(0, -1));

    await fleet.patch({ runtime: { image: null, imagePullPolicy: null } });
    await waitFor(
      'all to be well again',
      async () => {
        const { status } = await storedFleet();
        const isStalled = status.conditions.some(({ type }: AnyObject) => type === 'Stalled');
        return !isStalled && !status.rollout && status.readyShards === SHARDS;
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    expect((await pods()).slice(0, -1)).toEqual(before.slice(0, -1));
  });
});
