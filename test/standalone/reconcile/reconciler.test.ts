import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { REQUEST_ANNOTATIONS } from '../../../src/api/bot-requests.ts';
import { NO_HISTORY } from '../../../src/api/history-availability.ts';
import { ACCEPT_OTHER_BOT } from '../../../src/api/own-token.ts';
import type { TenantBot } from '../../../src/api/tenant-bot.ts';
import { EmulatorClient } from '../../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../../src/emulator/emulator.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { ErrorBoundary } from '../../../src/runtime/bot/boundary.ts';
import { RetryStatistics } from '../../../src/runtime/pipeline/retries/retry-statistics.ts';
import { EMPTY_STATE, type State, stateSchema } from '../../../src/standalone/data/state.ts';
import { BotFather } from '../../../src/standalone/emulated/bot-father.ts';
import { Conversation } from '../../../src/standalone/emulated/conversation.ts';
import {
  keepLastGood,
  type ManifestFile,
  mergeFiles,
} from '../../../src/standalone/manifests/manifest-set.ts';
import { readManifest } from '../../../src/standalone/manifests/read-manifest.ts';
import { ObjectStore } from '../../../src/standalone/object-store.ts';
import { memoryHosts } from '../../../src/standalone/reconcile/memory-host.ts';
import { Reconciler } from '../../../src/standalone/reconcile/reconciler.ts';
import { waitFor } from '../../support/wait.ts';
import { botWithSecret, botYaml, makeFolder, makeLog, secretYaml } from '../support.ts';

/** A reconciler with real runtimes against a real emulator; manifests are given as text. */
class World {
  readonly objects = new ObjectStore();
  readonly client: EmulatorClient;
  readonly reconciler: Reconciler;
  readonly lines: string[];
  readonly #folder: string;
  #file: ManifestFile | undefined;

  constructor(emulator: RunningEmulator, folder: string, state: State) {
    this.#folder = folder;
    this.client = new EmulatorClient(emulator.controlUrl);
    const { log, lines } = makeLog();
    this.lines = lines;
    this.reconciler = new Reconciler({
      clock: systemClock,
      log,
      hosts: memoryHosts({
        clock: systemClock,
        random: seededRandom(1),
        log,
        boundary: new ErrorBoundary(),
        retryStatistics: new RetryStatistics(systemClock),
      }),
      telegramOf: ({ telegram }) => ({ ...telegram, apiRoot: emulator.apiRoot }),
      botFather: new BotFather(this.client, log),
      objects: this.objects,
      state,
      history: { availability: () => NO_HISTORY, lastKnown: () => undefined },
      onState: () => undefined,
    });
  }

  /** All documents there are from now on. */
  async apply(...documents: readonly string[]): Promise<void> {
    const path = join(this.#folder, 'all.yaml');
    await writeFile(path, documents.join('\n---\n'));
    this.#file = keepLastGood(this.#file, await readManifest(path, 'all.yaml'));
    await this.reconciler.update(mergeFiles([this.#file]));
  }

  bot(name: string): TenantBot | undefined {
    return this.objects.get('TenantBot', 'default', name);
  }

  condition(name: string, type = 'Ready') {
    return this.bot(name)?.status?.conditions?.find((condition) => condition.type === type);
  }

  ready(name: string): Promise<unknown> {
    return waitFor(`${name} to be ready`, () => this.condition(name)?.status === 'True');
  }

  notReady(name: string, reason: string): Promise<unknown> {
    return waitFor(`${name}: ${reason}`, () => this.condition(name)?.reason === reason);
  }

  /** Calls that a bot was told of that another poller had taken its place. */
  async conflicts(): Promise<unknown[]> {
    const calls = await this.client.calls();
    return calls.filter(({ outcome }) => outcome?.status === 409 && !outcome.clientGone);
  }

  async answer(botId: number): Promise<readonly string[]> {
    const conversation = new Conversation(this.client);
    return (await conversation.ask({ as: 'eve', botId, text: '/start' }, 5_000)).messages;
  }
}

describe('Reconciler', () => {
  let emulator: RunningEmulator;
  let folder = '';
  beforeEach(async () => {
    emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    folder = await makeFolder();
  });

  function open(state: State = EMPTY_STATE): World {
    const world = new World(emulator, folder, state);
    onTestFinished(() => world.reconciler.close());
    return world;
  }

  test('a bot with its Secret runs and answers, under a name made from its own', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'greeter', id: 11 }));
    await world.ready('greeter');
    expect(await world.answer(11)).toEqual(['hello']);
    expect(world.bot('greeter')).toMatchObject({
      metadata: { generation: 1 },
      status: { bot: { username: 'greeter_bot' }, placement: { shard: 0, epoch: 1 } },
    });
    await waitFor('the fleet', () =>
      world.objects.list('BotFleet').some(({ status }) => status?.readyBots === 1),
    );
  });

  test('a changed reply is in effect without a restart of the bot', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'one', id: 11, reply: 'first' }));
    await world.ready('one');
    const { startedAt } = world.bot('one')?.status ?? {};
    await world.apply(botWithSecret({ name: 'one', id: 11, reply: 'second' }));
    await waitFor('the new spec', async () => (await world.answer(11))[0] === 'second');
    expect(world.bot('one')?.status?.startedAt).toBe(startedAt);
  });

  test('of two bots with one token the older runs; when it goes the other takes over', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'a', id: 11, reply: 'a' }));
    await world.ready('a');
    const twin = botWithSecret({ name: 'b', id: 11, reply: 'b' });
    await world.apply(botWithSecret({ name: 'a', id: 11, reply: 'a' }), twin);
    await world.notReady('b', 'SameBot');
    expect(world.condition('b', 'Conflict')).toMatchObject({ status: 'True' });
    expect(await world.answer(11)).toEqual(['a']);
    await world.apply(twin);
    await world.ready('b');
    expect(world.bot('a')).toBeUndefined();
    expect(await world.answer(11)).toEqual(['b']);
    expect(await world.conflicts()).toEqual([]);
  });

  test('two bots that swap their tokens do so only if told, and never with two pollers for one bot', async () => {
    const world = open();
    await world.apply(
      botWithSecret({ name: 'a', id: 11, reply: 'a' }),
      botWithSecret({ name: 'b', id: 12, reply: 'b' }),
    );
    await Promise.all([world.ready('a'), world.ready('b')]);
    await world.apply(
      botWithSecret({ name: 'a', id: 12, reply: 'a' }),
      botWithSecret({ name: 'b', id: 11, reply: 'b' }),
    );
    await Promise.all([world.notReady('a', 'OtherBot'), world.notReady('b', 'OtherBot')]);
    expect(world.condition('a', 'Stalled')?.message).toMatch(/id 12, .* id 11\./);
    await world.apply(
      botWithSecret({ name: 'a', id: 12, reply: 'a', annotations: { [ACCEPT_OTHER_BOT]: '12' } }),
      botWithSecret({ name: 'b', id: 11, reply: 'b', annotations: { [ACCEPT_OTHER_BOT]: '11' } }),
    );
    await waitFor('the swap', () => world.bot('a')?.status?.bot?.id === 12);
    await waitFor('the swap', () => world.bot('b')?.status?.bot?.id === 11);
    await Promise.all([world.ready('a'), world.ready('b')]);
    expect(await world.answer(12)).toEqual(['a']);
    expect(await world.answer(11)).toEqual(['b']);
    expect(await world.conflicts()).toEqual([]);
  });

  test('what an annotation asks for is done once; what somebody says later, too', async () => {
    const world = open();
    const bot = (annotations: Readonly<Record<string, string>>): string =>
      botWithSecret({ name: 'a', id: 11, annotations });
    const getMes = async (): Promise<number> =>
      (await world.client.calls({ bot: 11, method: 'getMe' })).length;
    const met = (value: string): Promise<unknown> =>
      waitFor('the check', () => world.bot('a')?.status?.handledRequests?.checkToken === value);
    await world.apply(bot({}));
    await world.ready('a');
    expect(await getMes()).toBe(1);

    await world.apply(bot({ [REQUEST_ANNOTATIONS.checkToken]: 'written' }));
    await met('written');
    const { uid, generation } = world.bot('a')?.metadata ?? expect.unreachable();
    expect({ generation, getMes: await getMes() }).toEqual({ generation: 1, getMes: 2 });

    world.reconciler.ask(uid, { checkToken: 'said' });
    await met('said');
    await world.apply(bot({ [REQUEST_ANNOTATIONS.checkToken]: 'written', team: 'x' }));
    expect(world.bot('a')?.status?.handledRequests?.checkToken).toBe('said');

    await world.apply(bot({ [REQUEST_ANNOTATIONS.checkToken]: 'written again' }));
    await met('written again');
    expect(await getMes()).toBe(4);
  });

  test('a missing Secret, a bad token and a fleet that is not there are said in words', async () => {
    const world = open();
    await world.apply(
      botYaml({ name: 'a' }),
      botWithSecret({ name: 'b', token: 'no token' }),
      botWithSecret({ name: 'c', id: 13, spec: '  fleet: gone\n' }),
      botWithSecret({ name: 'd', id: 14, spec: '  suspended: true\n' }),
    );
    expect(world.condition('a')).toMatchObject({ status: 'False', reason: 'Missing' });
    expect(world.condition('b')).toMatchObject({ status: 'False', reason: 'InvalidFormat' });
    expect(world.condition('c')).toMatchObject({ status: 'False', reason: 'FleetNotFound' });
    expect(world.condition('d')).toMatchObject({ status: 'False', reason: 'Suspended' });
    await world.apply(botYaml({ name: 'a' }), secretYaml({ name: 'a', id: 11 }));
    await world.ready('a');
  });

  test('a bot moves to another fleet with a higher epoch', async () => {
    const world = open();
    const fleet = `apiVersion: tenantbot.dev/v1alpha1
kind: BotFleet
metadata: {name: other}
spec: {sharding: {botsPerShard: 1}}`;
    await world.apply(fleet, botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    await world.apply(fleet, botWithSecret({ name: 'a', id: 11, spec: '  fleet: other\n' }));
    await waitFor('the move', () => world.bot('a')?.status?.placement?.epoch === 2);
    await world.ready('a');
    expect(await world.answer(11)).toEqual(['hello']);
    await world.apply(
      fleet,
      botWithSecret({ name: 'a', id: 11, spec: '  fleet: other\n' }),
      botWithSecret({ name: 'b', id: 12, spec: '  fleet: other\n' }),
    );
    await world.notReady('b', 'NoCapacity');
    expect(world.condition('b')?.message).toContain('it takes 1 bot. Raise spec.sharding');
  });

  test('a revoked token stays dead, and a new one in the Secret brings the bot back', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    await world.client.revokeToken(11);
    await waitFor('the 401', () => world.bot('a')?.status?.token?.state === 'Unauthorized');
    const token = await world.client.reissueToken(11);
    await world.apply(botWithSecret({ name: 'a', token }));
    await world.ready('a');
    expect(await world.answer(11)).toEqual(['hello']);
  });

  test('a suspended bot is drained, keeps its counters and comes back', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    await world.answer(11);
    await world.apply(botWithSecret({ name: 'a', id: 11, spec: '  suspended: true\n' }));
    await waitFor('the end', () => world.bot('a')?.status?.phase === 'Suspended');
    expect(world.bot('a')?.status?.counters?.replies).toBe(1);
    await world.apply(botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    await world.answer(11);
    await waitFor('the counter', () => world.bot('a')?.status?.counters?.replies === 2);
  });

  test('after a restart a bot is the same; its backlog is thrown away only at its first start', async () => {
    const spec = '  updates: {dropPending: true}\n';
    const before = open();
    await before.client.createBot({ token: '11:TEST-token-of-no-bot-at-Telegram-at-all' });
    const { id: from } = await before.client.createUser({ firstName: 'Eve' });
    await before.client.sendText({ bot: 11, from, text: '/start' });
    await before.apply(botWithSecret({ name: 'a', id: 11, spec }));
    await before.ready('a');
    await waitFor('the first drop', async () => (await before.client.bot(11)).pendingUpdates === 0);
    expect(before.bot('a')?.status?.counters?.replies).toBe(0);
    await before.reconciler.close();

    await before.client.sendText({ bot: 11, from, text: '/start' });
    const after = open(before.reconciler.snapshot());
    await after.apply(botWithSecret({ name: 'a', id: 11, spec }));
    await waitFor('the answer', () => after.bot('a')?.status?.counters?.replies === 1);
    expect(after.bot('a')?.metadata).toEqual(before.bot('a')?.metadata);
  });

  test('a pause that Telegram asked for in a chat outlasts a restart', async () => {
    const spec = '  retry: {rateLimit: {maxRetryAfter: 1s}}\n';
    const before = open();
    await before.apply(botWithSecret({ name: 'a', id: 11, spec }));
    await before.ready('a');
    const effect = { kind: 'status', status: 429, retryAfterSeconds: 5 } as const;
    await before.client.addFault({ method: 'sendMessage', count: 1, effect });
    const { id: from } = await before.client.createUser({ firstName: 'Eve' });
    await before.client.sendText({ bot: 11, from, text: '/start' });
    await waitFor('a pause', () => {
      const [{ chatCooldowns = [] } = {}] = before.reconciler.snapshot().bots;
      return chatCooldowns.some(({ of }) => of === from);
    });
    await before.reconciler.close();

    const state = stateSchema.parse(JSON.parse(JSON.stringify(before.reconciler.snapshot())));
    const after = open(state);
    await after.apply(botWithSecret({ name: 'a', id: 11, spec }));
    const calls = await waitFor('the answer', async () => {
      const made = await after.client.calls({ bot: 11, method: 'sendMessage' });
      return made.at(-1)?.outcome?.ok === true && made;
    });
    expect(calls).toHaveLength(2);
    const pauseMs = (calls[1]?.startedAtMs ?? 0) - (calls[0]?.endedAtMs ?? 0);
    expect(pauseMs).toBeGreaterThanOrEqual(5_000);
  });

  test('a fleet tells that its only shard has all of its limits', async () => {
    const world = open();
    const fleet =
      'apiVersion: tenantbot.dev/v1alpha1\nkind: BotFleet\nmetadata: {name: default}\nspec: {rateLimits: {perSecond: 30, methods: {sendMessage: 9}}}';
    await world.apply(fleet, botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    const [status] = world.objects.list('BotFleet').map((object) => object.status);
    expect(status).toMatchObject({
      perShard: [{ shard: 0, ready: true, bots: 1 }],
      rates: {
        perSecond: 30,
        granted: 30,
        methods: { sendMessage: { perSecond: 9, granted: 9 } },
        shards: [{ shard: 0, granted: 30, methods: { sendMessage: { granted: 9 } } }],
      },
    });
    await world.apply(fleet.replace(/spec:.*/, 'spec: {}'), botWithSecret({ name: 'a', id: 11 }));
    await waitFor('the end of limits', () =>
      world.objects.list('BotFleet').every((object) => object.status?.rates === undefined),
    );
  });

  test('a broken manifest of a fleet leaves it as it was and says so in its status', async () => {
    const world = open();
    const fleet =
      'apiVersion: tenantbot.dev/v1alpha1\nkind: BotFleet\nmetadata: {name: default}\nspec: {sharding: {botsPerShard: 7}}';
    await world.apply(fleet);
    await world.apply(fleet.replace('7', 'seven'));
    const [status] = world.objects.list('BotFleet').map((object) => object.status);
    expect(status).toMatchObject({ capacity: 7, shards: 1 });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', reason: 'ManifestInvalid' }),
    );
  });

  test('a broken manifest leaves the bot running and says so in its status', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'a', id: 11 }));
    await world.ready('a');
    await world.apply('kind: [');
    expect(world.condition('a')).toMatchObject({ status: 'True' });
    expect(world.condition('a', 'Stalled')).toMatchObject({ reason: 'ManifestInvalid' });
    expect(world.condition('a')?.message).toContain('all.yaml:1:');
    expect(await world.answer(11)).toEqual(['hello']);
  });

  test('no token is in a log line, an object or the state', async () => {
    const world = open();
    await world.apply(botWithSecret({ name: 'a', id: 11 }), botWithSecret({ name: 'b', id: 11 }));
    await world.ready('a');
    const seen = [
      ...world.lines,
      JSON.stringify(world.objects.list('TenantBot')),
      JSON.stringify(world.reconciler.snapshot()),
    ].join('\n');
    expect(seen).not.toContain('TEST-token');
  });

  test('bots that Telegram has to load start in turn; after a restart those that ran do so at once', async () => {
    const fleet =
      'apiVersion: tenantbot.dev/v1alpha1\nkind: BotFleet\nmetadata: {name: default}\nspec: {coldStart: {perMinute: 2, perHour: 10}}';
    const bots = [1, 2, 3].map((id) => botWithSecret({ name: `bot-${id}`, id }));
    const before = open();
    await before.client.setLimits({ coldStart: { perMinute: 2, perHour: 10 } });
    await before.apply(fleet, ...bots);
    await before.notReady('bot-3', 'ColdStart');
    await before.ready('bot-1');
    await before.ready('bot-2');
    await before.reconciler.close();
    const after = open(before.reconciler.snapshot());
    await after.apply(fleet, ...bots);
    await after.notReady('bot-3', 'ColdStart');
    await after.ready('bot-1');
    await after.ready('bot-2');
    const calls = await after.client.calls();
    expect(calls.filter(({ outcome }) => outcome?.limit !== undefined)).toEqual([]);
  });
});
