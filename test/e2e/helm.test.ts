import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objects } from '../chart/helm.ts';
import { itsAnswer } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE, RELEASE } from './support/installation.ts';
import type { AnyObject } from './support/kubectl.ts';

const RUNTIMES = ['pods', '-l', 'app.kubernetes.io/component=runtime'];
/** A runtime that is started anew takes about this long until it polls. */
const RESTART_MS = 5_000;

describe('the chart on a cluster', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.open();
  });
  afterAll(() => installation[Symbol.asyncDispose]());

  /** `kind/name` of all that the release and the default fleet are made of, and its version. */
  async function versions(): Promise<Record<string, string>> {
    const { kubectl } = installation;
    const manifest = await kubectl.helm('get', 'manifest', RELEASE, '-n', OPERATOR_NAMESPACE);
    const rendered = objects(manifest).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const lists = [
      await kubectl.list(...inSystem(...rendered)),
      await kubectl.list(...inSystem('botfleets,statefulsets,pods')),
    ];
    return Object.fromEntries(
      lists
        .flat()
        .map(({ kind, metadata }: AnyObject) => [
          `${kind}/${metadata.name}`,
          metadata.resourceVersion,
        ]),
    );
  }

  it('helm upgrade --install of what is there changes nothing', async () => {
    await installation.upgrade();
    const before = await versions();
    expect(Object.keys(before).length).toBeGreaterThan(15);
    await installation.upgrade();
    expect(await versions()).toEqual(before);
  });

  it('new values of the default fleet reach it, and go again', async () => {
    const { kubectl } = installation;
    const shards = async (count: number): Promise<void> => {
      await waitFor(
        `${count} shards`,
        async () => {
          const { spec, status } = await kubectl.get(...inSystem('botfleet', 'default'));
          return spec.sharding.minShards === count && status.readyShards === count;
        },
        { timeoutMs: 60_000, intervalMs: 250 },
      );
      const { spec } = await kubectl.get(...inSystem('statefulset', 'tenantbot-default'));
      expect(spec.replicas).toBe(count);
      // A pod that is on its way out is still there for the tests that follow.
      await waitFor(
        `${count} runtime pods`,
        async () => (await kubectl.list(...inSystem(...RUNTIMES))).length === count,
        { timeoutMs: 60_000, intervalMs: 250 },
      );
    };
    await installation.upgrade('defaultFleet.spec.sharding.minShards=2');
    await shards(2);
    await installation.upgrade();
    await shards(1);
  });

  it('helm uninstall leaves bots at work, and a new release takes them up', async () => {
    const { kubectl, emulator } = installation;
    await using tenant = await installation.tenant();
    const made = await installation.makeBot(tenant.name, 'steady');
    await installation.ready(tenant.name, 'steady');
    const says = (): Promise<string> =>
      itsAnswer(emulator, { bot: made.id, from: 'erin', text: '/start' });
    expect(await says()).toBe('I am steady');
    const runtimes = await kubectl.list(...inSystem(...RUNTIMES));
    const since = await emulator.lastCallSeq();

    await kubectl.helm('uninstall', RELEASE, '-n', OPERATOR_NAMESPACE, '--wait');
    await waitFor(
      'the end of the operator',
      async () => (await installation.operatorPods()).length === 0,
      {
        timeoutMs: 60_000,
        intervalMs: 250,
      },
    );
    expect(await says()).toBe('I am steady');
    expect((await installation.bot(tenant.name, 'steady')).metadata.deletionTimestamp).toBe(
      undefined,
    );
    expect(await kubectl.get(...inSystem('botfleet', 'default'))).toBeDefined();

    await installation.upgrade();
    const handlers = [{ command: { name: 'start', reply: { text: 'I am steady still' } } }];
    const patch = JSON.stringify({ spec: { handlers } });
    await kubectl.run('-n', tenant.name, 'patch', 'tb', 'steady', '--type=merge', '-p', patch);
    await waitFor('the new release to act', async () => (await says()) === 'I am steady still', {
      timeoutMs: 60_000,
      intervalMs: 250,
    });
    await installation.ready(tenant.name, 'steady');

    expect(await kubectl.list(...inSystem(...RUNTIMES)).then(identities)).toEqual(
      identities(runtimes),
    );
    const polls = await emulator.calls({
      bot: made.id,
      method: 'getUpdates',
      since,
      limit: 100_000,
    });
    const gaps = polls.slice(1).map(({ startedAtMs }, before) => {
      return startedAtMs - (polls[before]?.endedAtMs ?? startedAtMs);
    });
    console.log(`${polls.length} polls, the longest gap ${Math.max(...gaps)} ms`);
    expect(Math.max(...gaps)).toBeLessThan(RESTART_MS);
  });
});

/** Which pods these are, and how often their programs were started. */
function identities(pods: readonly AnyObject[]): string[] {
  return pods
    .map(({ metadata, status }) => `${metadata.uid} ${status.containerStatuses[0].restartCount}`)
    .toSorted();
}
