import { describe, expect, it } from 'vitest';
import { ACCEPT_OTHER_BOT } from '../../../src/api/own-token.ts';
import { PROTOCOL } from '../../../src/control/messages.ts';
import { DRAIN_FINALIZER, TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import { botWorld, condition, tokenOf } from './bot-world.ts';

const SHARD = { fleet: 'default', ordinal: 0 };

describeWithApiServer('the controller of TenantBots', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it('places a bot in two writes, and says when it answers in a third', async () => {
    const leader = await world().lead();
    await world().botWithToken('greeter', 11);
    const placed = await world().until('greeter', 'to be placed', ({ placement }) => !!placement);
    expect(placed.status?.placement).toMatchObject({
      fleet: 'default',
      shard: 0,
      epoch: 1,
      botId: 11,
    });
    expect(condition(placed.status, 'Ready')?.reason).toBe('NotReported');
    expect(placed.metadata.finalizers).toEqual([DRAIN_FINALIZER]);
    await waitFor('both writes to be answered', () => leader.mortal.writes.length >= 2);
    expect(leader.mortal.writes).toEqual([
      'mergePatch tenantbots greeter',
      'mergePatch tenantbots/status greeter',
    ]);
    world().run(SHARD);
    const ready = await world().untilReady('greeter');
    expect(ready.status).toMatchObject({ phase: 'Running', bot: { id: 11, username: 'bot_11' } });
    expect(leader.mortal.writes).toHaveLength(3);
    expect(leader.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Normal Placed',
      'Normal Running',
    ]);
  });

  it('writes nothing where nothing happens, nor for a new leader', async () => {
    const runtime = world().run(SHARD);
    const first = await world().lead();
    for (const id of [1, 2, 3]) await world().botWithToken(`bot-${id}`, id);
    for (const id of [1, 2, 3]) await world().untilReady(`bot-${id}`);
    const { resourceVersion } = (await world().untilReady('bot-1')).metadata;
    await first[Symbol.asyncDispose]();
    const second = await world().lead();
    await waitFor(
      'the runtime to be heard',
      () => second.hub.contact(SHARD)?.hosting?.length === 3,
    );
    // Past the time for which a leader recalls, and past that in which counters may be held back.
    for (let second = 0; second < 90; second++) await world().oneSecond(SHARD);
    expect(runtime.running.size).toBe(3);
    expect(second.mortal.writes).toEqual([]);
    expect((await world().get('bot-1'))?.metadata.resourceVersion).toBe(resourceVersion);
  });

  it('hands a new spec out before it writes of it', async () => {
    const runtime = world().run(SHARD);
    const first = await world().lead();
    await world().botWithToken('quick', 14);
    await world().untilReady('quick');
    await first[Symbol.asyncDispose]();
    const second = await world().lead({ dieAfterWrites: 1 });
    await waitFor('the runtime to be heard', () => second.hub.contact(SHARD)?.hosting?.length);
    await world().bot('quick', { limits: { weight: 2 } });
    await second.done;
    expect(second.mortal.writes).toEqual(['mergePatch tenantbots/status quick']);
    expect(Array.from(runtime.running.values(), ({ generation }) => generation)).toEqual([2]);
  });

  it('makes nothing of an end in an epoch that was never given out', async () => {
    const leader = await world().lead();
    await world().botWithToken('steady', 15);
    const { metadata, status } = await world().until('steady', 'to be placed', (found) =>
      Boolean(found.placement),
    );
    const { uid } = metadata;
    const said = { protocol: PROTOCOL, session: 'session-of-liar', reports: [] };
    const from = { shard: SHARD, pod: 'tenantbot-default-0', podUid: 'liar' };
    const { signal } = new AbortController();
    const hosting = [{ uid, epoch: 99 }];
    const ended = [{ uid, epoch: 99, offset: 1_000 }];
    let seq = 0;
    // It is handed out a moment after it was placed.
    await waitFor('words', async () => {
      await leader.hub.sync(from, { ...said, seq: ++seq, hosting, ended }, signal);
      return leader.log.join('').includes('nothing is made of it');
    });
    await world().bot('steady', { limits: { weight: 2 } });
    const [handedOut] = await waitFor('the new spec', async () => {
      const outcome = await leader.hub.sync(from, { ...said, seq: ++seq, hosting }, signal);
      const upserts = outcome.kind === 'answer' ? outcome.answer.upserts : [];
      return JSON.stringify(upserts).includes('"generation":2') && upserts;
    });
    expect(handedOut).toMatchObject({ uid, epoch: 1 });
    expect(handedOut).not.toMatchObject({ resume: { offset: 1_000 } });
    expect((await world().get('steady'))?.status?.placement).toEqual(status?.placement);
  });

  it('writes counters at most once a minute', async () => {
    const runtime = world().run(SHARD);
    const leader = await world().lead();
    await world().botWithToken('busy', 5);
    await world().untilReady('busy');
    const before = leader.mortal.writes.length;
    runtime.receive(1);
    await waitFor('the report', () => leader.hub.contact(SHARD));
    runtime.receive(1);
    expect(leader.mortal.writes).toHaveLength(before);
    await waitFor('the counters to be written', async () => {
      await world().clock.advanceAsync(10_000);
      return (await world().get('busy'))?.status?.counters?.updates === 2;
    });
    expect(leader.mortal.writes).toHaveLength(before + 1);
  });

  it('runs one of two bots with one token, whoever comes first', async () => {
    const [ours, theirs] = world().namespaces;
    world().run(SHARD);
    await world().lead();
    await Promise.all([
      world().secret('twin', tokenOf(7)),
      world().secret('twin', tokenOf(7), theirs),
    ]);
    await Promise.all([world().bot('twin'), world().bot('twin', { namespace: theirs })]);
    const seen = await waitFor('one to run and one to be refused', async () => {
      const bots = [await world().get('twin'), await world().get('twin', theirs)];
      const reasons = new Set(bots.map((bot) => condition(bot?.status, 'Ready')?.reason));
      return reasons.has('Running') && reasons.has('SameBot') ? bots : undefined;
    });
    const refused = seen.find((bot) => condition(bot?.status, 'Conflict')?.status === 'True');
    expect(refused?.status?.placement).toBeUndefined();
    // Who lives in another namespace is nobody's business.
    const winner = refused?.metadata.namespace === ours ? theirs : ours;
    expect(JSON.stringify(refused?.status)).not.toContain(winner);
    await world().delete('twin', winner);
    await world().untilReady('twin', refused?.metadata.namespace);
  });

  it('repairs a status that somebody has forged', async () => {
    const runtime = world().run(SHARD);
    await world().lead();
    await world().botWithToken('honest', 8);
    const { status } = await world().untilReady('honest');
    await world().client.mergePatch(
      TENANT_BOTS,
      { name: 'honest', namespace: world().namespaces[0] },
      {
        status: {
          phase: 'Crashed',
          placement: { shard: 5, epoch: 9 },
          conditions: [],
          lastError: { time: '2026-01-01T00:00:00Z', fingerprint: 'x', message: 'forged' },
        },
      },
      { subresource: 'status' },
    );
    const repaired = await world().until(
      'honest',
      'to be as before',
      ({ placement, phase }) => phase === 'Running' && placement?.shard === 0,
    );
    expect(repaired.status).toEqual(status);
    expect([...runtime.running.values()].map(({ epoch }) => epoch)).toEqual([1]);
  });

  it('moves a bot to another fleet only when its shard has let go', async () => {
    world().run(SHARD);
    world().run({ fleet: 'other', ordinal: 0 });
    await world().fleet('other');
    await world().lead();
    await world().botWithToken('mover', 21);
    await world().untilReady('mover');
    await world().bot('mover', { fleet: 'other' });
    const moved = await world().untilReady('mover');
    expect(moved.status?.placement).toMatchObject({ fleet: 'other', epoch: 2, botId: 21 });
    expect(world().ledger.pollerOf(21)).toContain('other/0');
  });

  it('lets a bot end before the token of another one starts', async () => {
    world().run(SHARD);
    await world().lead();
    await world().botWithToken('changer', 31);
    await world().untilReady('changer');
    await world().secret('changer', tokenOf(32));
    await world().secret('second', tokenOf(32));
    await world().bot('changer', { tokenSecretRef: { name: 'second' } });
    const refused = await world().until(
      'changer',
      'to be refused and drained',
      (status) =>
        condition(status, 'TokenValid')?.reason === 'OtherBot' &&
        status.placement?.botId === undefined,
    );
    expect(condition(refused.status, 'Stalled')?.message).toMatch(/id 32.* id 31.*"32"/);
    expect(refused.status).toMatchObject({ bot: { id: 31 }, token: { state: 'InvalidFormat' } });
    expect(world().leader?.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'OtherBot' });

    const annotations = { [ACCEPT_OTHER_BOT]: '32' };
    await world().bot('changer', { tokenSecretRef: { name: 'second' }, annotations });
    const changed = await world().untilReady('changer');
    expect(changed.status).toMatchObject({ bot: { id: 32 }, placement: { epoch: 2, botId: 32 } });
    expect(world().ledger.pollerOf(31)).toBeUndefined();
  });

  it('drains a suspended bot, keeps its place, and brings it back', async () => {
    const runtime = world().run(SHARD);
    await world().lead();
    await world().botWithToken('sleeper', 41);
    await world().untilReady('sleeper');
    await world().bot('sleeper', { suspended: true });
    const suspended = await world().until(
      'sleeper',
      'to sleep',
      ({ phase, placement }) => phase === 'Suspended' && placement?.botId === undefined,
    );
    expect(suspended.status?.placement).toMatchObject({ fleet: 'default', shard: 0, epoch: 1 });
    expect(condition(suspended.status, 'Placed')?.status).toBe('False');
    expect(runtime.running.size).toBe(0);
    await world().bot('sleeper', { suspended: false });
    const back = await world().untilReady('sleeper');
    expect(back.status?.placement).toMatchObject({ shard: 0, epoch: 2, botId: 41 });
  });

  it('drains a deleted bot before it goes', async () => {
    const runtime = world().run(SHARD);
    await world().lead();
    await world().botWithToken('leaver', 51);
    await world().untilReady('leaver');
    await world().delete('leaver');
    await world().untilGone('leaver');
    expect(runtime.running.size).toBe(0);
  });

  it('gives up on a shard that never lets go', async () => {
    world().run(SHARD);
    await world().lead();
    await world().botWithToken('stuck', 52);
    await world().untilReady('stuck');
    await world().kill(SHARD);
    await world().delete('stuck');
    const held = await world().untilReason('stuck', 'Deleting');
    expect(held.status?.phase).toBe('Stopping');
    await waitFor('the finalizer to be given up', async () => {
      await world().clock.advanceAsync(5_000);
      return !(await world().get('stuck'));
    });
  });

  it('leaves a bot to the finalizers of others, drained', async () => {
    const runtime = world().run(SHARD);
    await world().lead();
    await world().botWithToken('held', 61, { finalizers: ['example.com/hold'] });
    await world().untilReady('held');
    await world().delete('held');
    const held = await world().until(
      'held',
      'to be drained',
      ({ phase, placement }, { metadata }) =>
        phase === 'Stopped' && !placement && metadata.finalizers?.length === 1,
    );
    expect(held.metadata.finalizers).toEqual(['example.com/hold']);
    expect(condition(held.status, 'Ready')).toMatchObject({
      reason: 'Deleting',
      message: expect.stringContaining('example.com/hold') as string,
    });
    expect(runtime.running.size).toBe(0);
    await world().client.mergePatch(TENANT_BOTS, held.metadata, { metadata: { finalizers: null } });
    await world().untilGone('held');
  });

  it('waits for a Secret and for a fleet that come later', async () => {
    world().run({ fleet: 'later', ordinal: 0 });
    const leader = await world().lead();
    await world().bot('early', { fleet: 'later' });
    await world().untilReason('early', 'FleetNotFound');
    await world().fleet('later');
    const missing = await world().untilReason('early', 'Missing');
    expect(condition(missing.status, 'Stalled')?.message).toContain('There is no Secret');
    await world().secret('early', 'no token at all');
    await waitFor('the Secret to be read', async () => {
      await world().clock.advanceAsync(2_000);
      return condition((await world().get('early'))?.status, 'Ready')?.reason === 'InvalidFormat';
    });
    await world().secret('early', tokenOf(71));
    await waitFor('the Secret to be read again', async () => {
      await world().clock.advanceAsync(5_000);
      return condition((await world().get('early'))?.status, 'Ready')?.reason === 'Running';
    });
    const told = leader.events.map(({ reason }) => reason);
    expect(told).toEqual(['FleetNotFound', 'Missing', 'InvalidFormat', 'Placed', 'Running']);
  });

  it('starts a bot by itself when its token has been renewed', async () => {
    const runtime = world().run(SHARD);
    world().ledger.refused.add(81);
    await world().lead();
    await world().botWithToken('renewed', 81);
    await world().untilReason('renewed', 'Revoked');
    world().ledger.refused.delete(81);
    await world().secret('renewed', tokenOf(81, 'new'));
    await waitFor('the new token to be found', async () => {
      await world().clock.advanceAsync(5_000);
      return condition((await world().get('renewed'))?.status, 'Ready')?.status === 'True';
    });
    const [assignment] = runtime.running.values();
    expect(assignment?.token.reveal()).toBe(tokenOf(81, 'new'));
  });

  it('says that a fleet is full, and fills the place that comes free', async () => {
    await world().fleet('default', { botsPerShard: 1, maxShards: 2 });
    for (const ordinal of [0, 1]) world().run({ fleet: 'default', ordinal });
    await world().lead();
    for (const id of [1, 2]) await world().botWithToken(`bot-${id}`, 90 + id);
    for (const id of [1, 2]) await world().untilReady(`bot-${id}`);
    await world().botWithToken('bot-3', 93);
    const full = await world().untilReason('bot-3', 'NoCapacity');
    expect(condition(full.status, 'Ready')?.message).toContain('it takes 2 bots');
    await world().delete('bot-1');
    await world().untilReady('bot-3');
  });

  it('tells when a shard has fallen silent, and moves nothing', async () => {
    world().run(SHARD);
    await world().lead();
    await world().botWithToken('patient', 95);
    const { status } = await world().untilReady('patient');
    await world().kill(SHARD);
    await waitFor('the silence to be told', async () => {
      await world().clock.advanceAsync(5_000);
      return condition((await world().get('patient'))?.status, 'Ready')?.reason === 'NotReported';
    });
    expect((await world().get('patient'))?.status?.placement).toEqual(status?.placement);
    world().run(SHARD, 'pod-2');
    await world().untilReady('patient');
  });

  describe('odd objects', () => {
    it('names of 253 characters are as good as others', async () => {
      world().run(SHARD);
      await world().lead();
      const name = `a${'b'.repeat(251)}c`;
      await world().botWithToken(name, 96);
      await world().untilReady(name);
      await world().delete(name);
      await world().untilGone(name);
    });

    it('a bot in a namespace that is being deleted goes with it', async () => {
      const runtime = world().run(SHARD);
      await world().lead();
      const [, namespace] = world().namespaces;
      await world().botWithToken('doomed', 97, { namespace });
      await world().untilReady('doomed', namespace);
      await world().client.delete(
        { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
        { name: namespace },
      );
      await world().untilGone('doomed', namespace);
      expect(runtime.running.size).toBe(0);
    });

    it('a pattern that the API server lets through is refused in words, not in a loop', async () => {
      const leader = await world().lead();
      await world().secret('odd', tokenOf(98));
      await world().bot('odd', {
        handlers: [{ text: { pattern: '(?P<n>a)(?P<n>b)', reply: { text: 'x' } } }],
      });
      const odd = await world().untilReason('odd', 'ManifestInvalid');
      expect(condition(odd.status, 'Stalled')?.message).toContain('spec.handlers[0]');
      expect(leader.mortal.writes).toHaveLength(1);
      await world().bot('odd');
      await world().until('odd', 'to be placed', ({ placement }) => !!placement);
    });
  });
});
