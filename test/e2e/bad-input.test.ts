import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import { connect } from '../kube/api-world.ts';
import { itsAnswer } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { makeFleet } from './support/fleet.ts';
import { botManifests, Installation, inSystem } from './support/installation.ts';
import type { AnyObject } from './support/kubectl.ts';

/** A character of four bytes. */
const WIDE = '🤖';

/**
 * What a tenant or the platform team may get wrong, as far as it takes pods, RBAC and Telegram to
 * tell; the rest meets a real API server in `test/controller/bot/reconcile.api.test.ts`.
 */
describe('bad input', () => {
  let installation: Installation;
  let client: HttpKubeClient;

  beforeAll(async () => {
    installation = await Installation.open();
    client = await connect(installation.kubeconfig);
  });
  afterAll(async () => {
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  /** Resolves to the condition `Stalled` when it has that reason. */
  function untilStalled(namespace: string, name: string, reason: string): Promise<AnyObject> {
    const stalled = async (): Promise<AnyObject> => {
      const { status }: AnyObject = await client.get(TENANT_BOTS, { namespace, name });
      return status?.conditions.find(
        (of: AnyObject) => of.type === 'Stalled' && of.reason === reason,
      );
    };
    return waitFor(`${name} to be stalled: ${reason}`, stalled, { timeoutMs: 30_000 });
  }

  it("a Secret counts in the bot's own namespace only", async () => {
    await using theirs = await installation.tenant();
    await using ours = await installation.tenant();
    const made = await installation.emulator.createBot();
    const bot = { name: 'wanting', token: made.token };
    const [, wanting] = botManifests({ ...bot, namespace: ours.name });
    const [elsewhere] = botManifests({ ...bot, namespace: theirs.name });
    await installation.kubectl.apply([elsewhere, wanting]);
    const { message } = await untilStalled(ours.name, 'wanting', 'Missing');
    expect(message).toContain(`${ours.name}/wanting`);
    expect(message).not.toContain(theirs.name);
    expect(await installation.emulator.calls({ bot: made.id })).toEqual([]);

    const [secret] = botManifests({ ...bot, namespace: ours.name });
    await installation.kubectl.apply(secret);
    await installation.ready(ours.name, 'wanting');
  });

  it('a fleet may come after its bots, go under them and come again', async () => {
    const { kubectl, emulator } = installation;
    await using tenant = await installation.tenant();
    const bots: MadeBot[] = [];
    for (const name of ['first', 'second']) {
      bots.push(await installation.makeBot(tenant.name, name, { fleet: 'fickle' }));
    }
    const allStalled = () =>
      Promise.all(
        ['first', 'second'].map((name) => untilStalled(tenant.name, name, 'FleetNotFound')),
      );
    const allAnswer = async (): Promise<void> => {
      for (const [n, { id: bot }] of bots.entries()) {
        const said = { bot, from: 'faithful', text: '/start', timeoutMs: 60_000 };
        expect(await itsAnswer(emulator, said)).toBe(['I am first', 'I am second'][n]);
      }
    };
    for (const { message } of await allStalled()) expect(message).toContain('"fickle"');

    const fleet = await makeFleet(installation, 'fickle');
    await allAnswer();
    await kubectl.run(...inSystem('delete', 'botfleet', 'fickle'));
    await allStalled();
    await waitFor(
      'its pod to be gone',
      async () => !(await kubectl.get(...inSystem('pod', fleet.pod(0)))),
      {
        timeoutMs: 60_000,
        intervalMs: 200,
      },
    );
    await using _again = await makeFleet(installation, 'fickle');
    await allAnswer();
  });

  it('handlers of a megabyte work, and what etcd does not hold is refused in words', async () => {
    await using tenant = await installation.tenant();
    const withReplies = (text: string) => ({
      handlers: [
        ...Array.from({ length: 99 }, (_, n) => ({ command: { name: `c${n}`, reply: { text } } })),
        { command: { name: 'last', reply: { text: 'at the end of a megabyte' } } },
      ],
    });
    const make = async (name: string, text: string): Promise<number> => {
      const { id, token } = await installation.emulator.createBot();
      const spec = withReplies(text);
      const [secret, bot] = botManifests({ namespace: tenant.name, name, token, spec });
      await installation.kubectl.apply(secret);
      await client.create(TENANT_BOTS, bot);
      return id;
    };
    const bot = await make('large', WIDE.repeat(2_700));
    const said = { bot, from: 'reader', text: '/last', timeoutMs: 30_000 };
    expect(await itsAnswer(installation.emulator, said)).toBe('at the end of a megabyte');
    await installation.ready(tenant.name, 'large');

    await expect(make('larger', WIDE.repeat(4_096))).rejects.toThrow(/too large/);
  });

  it('a name of 253 characters runs, and goes with its namespace', async () => {
    const { kubectl, emulator } = installation;
    await using tenant = await installation.tenant();
    const name = `a${'b'.repeat(251)}c`;
    const { id: bot } = await installation.makeBot(tenant.name, name);
    expect(await itsAnswer(emulator, { bot, from: 'patient', text: '/start' })).toBe(
      `I am ${name}`,
    );
    await kubectl.run('delete', 'namespace', tenant.name, '--timeout=60s');
    const calls = await emulator.calls({ bot });
    const { id: from } = await emulator.createUser({ firstName: 'late', username: 'late' });
    await emulator.sendText({ bot, from, text: '/start' });
    await using other = await installation.tenant();
    await installation.makeBot(other.name, 'other');
    await installation.ready(other.name, 'other');
    expect(await emulator.calls({ bot })).toHaveLength(calls.length);
  });

  it('who edits bots in a namespace can write no status', async () => {
    const { kubectl } = installation;
    await using tenant = await installation.tenant();
    const here = ['-n', tenant.name];
    await kubectl.run(...here, 'create', 'serviceaccount', 'tenant');
    const account = `${tenant.name}:tenant`;
    const whom = ['--clusterrole=edit', `--serviceaccount=${account}`];
    await kubectl.run(...here, 'create', 'rolebinding', 'tenant', ...whom);
    await installation.makeBot(tenant.name, 'honest');
    await installation.ready(tenant.name, 'honest');
    const as = `--as=system:serviceaccount:${account}`;
    const patch = (body: object, ...how: readonly string[]): Promise<string> =>
      kubectl.run(...here, 'patch', 'tenantbot', 'honest', ...how, ...merging(body), as);
    const forged = { status: { phase: 'Crashed', placement: { shard: 5, epoch: 9 } } };
    await expect(patch(forged, '--subresource=status')).rejects.toThrow(/forbidden/i);
    const before: AnyObject = await installation.bot(tenant.name, 'honest');
    await patch({ ...forged, spec: { logLevel: 'warn' } });
    const after: AnyObject = await installation.bot(tenant.name, 'honest');
    expect(after.spec.logLevel).toBe('warn');
    expect(after.status.placement).toEqual(before.status.placement);
    const can = (...what: readonly string[]) =>
      kubectl.run(...here, 'auth', 'can-i', ...what, as).catch(() => 'no');
    expect(await can('create', 'tenantbots')).toContain('yes');
    expect(await can('get', 'botfleets', ...inSystem())).toContain('no');
  });
});

function merging(patch: object): string[] {
  return ['--type=merge', '-p', JSON.stringify(patch)];
}
