import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCEPT_OTHER_BOT } from '../../src/api/own-token.ts';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import { isStatus } from '../../src/kube/api-error.ts';
import type { HttpKubeClient } from '../../src/kube/http-client.ts';
import { EVENTS, SECRETS } from '../../src/kube/well-known.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { connect } from '../kube/api-world.ts';
import { itsAnswer, untilItSays } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { makeFleet, type TestFleet } from './support/fleet.ts';
import { botManifests, Installation, inSystem } from './support/installation.ts';
import { type AnyObject } from './support/kubectl.ts';

const CHANGES = 100;
const CYCLES = 10;
/** For the change of a spec, from the API server's answer on (issue, "Shown by"). */
const IN_EFFECT_MS = 1_000;
/** Longest time between two polls of a bot that nothing disturbs. */
const GAP_MS = 500;

describe('the change of a bot', () => {
  let installation: Installation;
  let client: HttpKubeClient;
  let fleet: TestFleet;
  let tenant: TestNamespace;
  let neighbour: MadeBot;
  let podBefore: AnyObject;

  beforeAll(async () => {
    installation = await Installation.open();
    client = await connect(installation.kubeconfig);
    fleet = await makeFleet(installation, 'changes');
    tenant = await installation.tenant();
    neighbour = await readyBot('neighbour');
    podBefore = await pod();
  });
  afterAll(async () => {
    await tenant[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
    await client.close();
    await installation[Symbol.asyncDispose]();
  });

  const pod = (): Promise<AnyObject> => installation.kubectl.get(...inSystem('pod', fleet.pod(0)));
  const read = (name: string): Promise<AnyObject> =>
    client.get(TENANT_BOTS, { namespace: tenant.name, name });

  async function readyBot(name: string): Promise<MadeBot> {
    const made = await installation.makeBot(tenant.name, name, { fleet: fleet.name });
    await installation.ready(tenant.name, name);
    return made;
  }

  /** Resolves as soon as the API server has taken the change. */
  async function change(name: string, spec: object): Promise<void> {
    await client.mergePatch(TENANT_BOTS, { namespace: tenant.name, name }, { spec });
  }

  /** Says that the TenantBot is to become that bot. */
  async function accept(name: string, botId: number): Promise<void> {
    const annotations = { [ACCEPT_OTHER_BOT]: String(botId) };
    const patch = { metadata: { annotations } };
    await client.mergePatch(TENANT_BOTS, { namespace: tenant.name, name }, patch);
  }

  async function renewSecret(name: string, token: string): Promise<void> {
    const data = { token: Buffer.from(token).toString('base64') };
    await client.mergePatch(SECRETS, { namespace: tenant.name, name }, { data });
  }

  const untilAnswer = (bot: number, answer: string): Promise<number> =>
    untilItSays(installation.emulator, answer, { bot, from: 'asker', text: '/start' });

  /** Resolves to how long it took until `isSo` of what is read of the bot; undefined: it is gone. */
  async function until(name: string, isSo: (bot?: AnyObject) => boolean): Promise<number> {
    const startedMs = performance.now();
    const seen = (): Promise<AnyObject> =>
      read(name).catch((error: unknown) => {
        if (!isStatus(error, 404)) throw error;
      });
    await waitFor(`a change of ${name}`, async () => isSo(await seen()), { intervalMs: 1 });
    return performance.now() - startedMs;
  }

  /** When the bot called last, by the emulator's clock. */
  async function lastCallMs(bot: number): Promise<number> {
    const calls = await installation.emulator.calls({ bot, limit: 100_000 });
    return calls.at(-1)?.startedAtMs ?? expect.unreachable('it never called');
  }

  async function firstCallMs(bot: number): Promise<number> {
    const [first] = await installation.emulator.calls({ bot, limit: 1 });
    return first?.startedAtMs ?? expect.unreachable('it never called');
  }

  /** Nobody but the bots of a test has noticed it: one getMe, polls without a gap, same pod. */
  async function nobodyElseNoticed(): Promise<void> {
    const asked = { bot: neighbour.id, from: 'witness', text: '/start' };
    expect(await itsAnswer(installation.emulator, asked)).toBe('I am neighbour');
    const calls = await installation.emulator.calls({ bot: neighbour.id, limit: 100_000 });
    expect(calls.filter(({ method }) => method === 'getMe')).toHaveLength(1);
    const polls = calls.filter(({ method }) => method === 'getUpdates');
    expect(polls.filter(({ outcome }) => outcome?.ok === false)).toEqual([]);
    const gaps = polls.slice(1).map(({ startedAtMs }, i) => startedAtMs - endOf(polls[i]));
    expect(Math.max(...gaps)).toBeLessThan(GAP_MS);

    const { status } = await read('neighbour');
    expect(status).toMatchObject({ phase: 'Running', restarts: 0, placement: { epoch: 1 } });
    const { metadata, status: podStatus } = await pod();
    expect(metadata.uid).toBe(podBefore.metadata.uid);
    expect(podStatus.containerStatuses[0].restartCount).toBe(0);
  }

  it('of its handlers is in effect within a second, without a poll broken off', async () => {
    const { id } = await readyBot('changed');
    const took: number[] = [];
    for (let n = 1; n <= CHANGES; n++) {
      const text = `answer ${n}`;
      await change('changed', { handlers: [{ command: { name: 'start', reply: { text } } }] });
      took.push(await untilAnswer(id, text));
    }
    tell(`${CHANGES} changes of a handler, in effect`, took);
    expect(percentile(took, 0.99)).toBeLessThan(IN_EFFECT_MS);

    const calls = await installation.emulator.calls({ bot: id, limit: 100_000 });
    expect(calls.filter(({ method }) => method === 'getMe')).toHaveLength(1);
    const updates = await installation.emulator.updates({ bot: id, limit: 100_000 });
    const answers = calls.filter(({ method }) => method === 'sendMessage');
    expect(answers, 'every message is answered, and once').toHaveLength(updates.length);
    await nobodyElseNoticed();
  });

  it('of suspended is in effect within a second, and nothing sent meanwhile is lost', async () => {
    const { emulator } = installation;
    const { id } = await readyBot('sleeper');
    const isAsleep = (bot: AnyObject): boolean => bot.status.phase === 'Suspended';
    const asleep: number[] = [];
    const awake: number[] = [];
    for (let n = 1; n <= CYCLES; n++) {
      await change('sleeper', { suspended: true });
      asleep.push(await until('sleeper', isAsleep));
      // What was sent before, and given up, may only just arrive.
      await untilAnswer(neighbour.id, 'I am neighbour');
      const suspendedMs = await lastCallMs(id);
      const answer = itsAnswer(emulator, { bot: id, from: 'early', text: '/start' });
      await untilAnswer(neighbour.id, 'I am neighbour');
      expect(await lastCallMs(id), 'nobody asks for what is sent').toBe(suspendedMs);
      const resumedMs = performance.now();
      await change('sleeper', { suspended: false });
      expect(await answer).toBe('I am sleeper');
      awake.push(performance.now() - resumedMs);
    }
    tell(`${CYCLES} times suspended, told by the status`, asleep);
    tell(`${CYCLES} times resumed, answering what was sent before`, awake);
    expect(percentile([...asleep, ...awake], 0.99)).toBeLessThan(IN_EFFECT_MS);
    await nobodyElseNoticed();
  });

  it('of its token is found by itself, or at once with the spec', async () => {
    const { emulator } = installation;
    const bot = await readyBot('renewed');
    const renewed = await emulator.reissueToken(bot.id);
    const answer = itsAnswer(emulator, { bot: bot.id, from: 'patient', text: '/start' });
    await renewSecret('renewed', renewed);
    const renewedMs = performance.now();
    expect(await answer).toBe('I am renewed');
    tell('a new token of the same bot, answering again', [performance.now() - renewedMs]);

    const [other, third] = [await emulator.createBot(), await emulator.createBot()];
    await renewSecret('renewed', other.token);
    await accept('renewed', other.id);
    await change('renewed', {
      handlers: [{ command: { name: 'start', reply: { text: 'another bot' } } }],
    });
    const took = [await untilAnswer(other.id, 'another bot')];
    expect(await lastCallMs(bot.id)).toBeLessThanOrEqual(await firstCallMs(other.id));

    const [secret] = botManifests({
      namespace: tenant.name,
      name: 'third',
      token: third.token,
    });
    await installation.kubectl.apply(secret);
    await accept('renewed', third.id);
    await change('renewed', { tokenSecretRef: { name: 'third' } });
    took.push(await untilAnswer(third.id, 'another bot'));
    tell('the token of another bot, answering', took);
    expect(Math.max(...took)).toBeLessThan(2 * IN_EFFECT_MS);
    await installation.ready(tenant.name, 'renewed');
    expect((await read('renewed')).status).toMatchObject({
      bot: { id: third.id, username: third.username },
      placement: { botId: third.id, epoch: 3 },
    });
    expect(await lastCallMs(other.id)).toBeLessThanOrEqual(await firstCallMs(third.id));
    await nobodyElseNoticed();
  });

  it('that deletes it ends it, and leaves nothing behind', async () => {
    const { emulator } = installation;
    const { id } = await readyBot('leaver');
    const ref = { namespace: tenant.name, name: 'leaver' };
    const secret = await client.get(SECRETS, ref);
    await untilAnswer(id, 'I am leaver');
    await client.delete(TENANT_BOTS, ref);
    tell('a bot deleted, gone', [await until('leaver', (bot) => bot === undefined)]);
    const { length } = await emulator.calls({ bot: id });

    // Whatever is to follow has had the time of two dozen answers of somebody else.
    for (let n = 0; n < 24; n++) await untilAnswer(neighbour.id, 'I am neighbour');
    expect(await emulator.calls({ bot: id })).toHaveLength(length);
    expect((await client.get(SECRETS, ref)).metadata).toEqual(secret.metadata);
    const { items } = await client.list(EVENTS, { namespace: tenant.name });
    const told = items.filter(({ regarding }) => regarding.name === 'leaver');
    expect(told.map(({ reason }) => reason).toSorted()).toEqual(['Placed', 'Running']);
    await nobodyElseNoticed();
  });
});

function endOf(call: { readonly endedAtMs: number | null } | undefined): number {
  return call?.endedAtMs ?? Infinity;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
}

function tell(what: string, tookMs: readonly number[]): void {
  const [half, p99, most] = [0.5, 0.99, 1].map((share) => Math.round(percentile(tookMs, share)));
  const all =
    tookMs.length > 1 ? `p50 ${half} ms, p99 ${p99} ms, at most ${most} ms` : `${most} ms`;
  console.log(`${what}: ${all}`);
}
