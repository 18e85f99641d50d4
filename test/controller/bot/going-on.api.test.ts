import { expect, it } from 'vitest';
import type { Resume } from '../../../src/api/bot-recall.ts';
import type { Cooldowns } from '../../../src/api/cooldown.ts';
import { toTimestamp } from '../../../src/lib/clock.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import { botWorld } from './bot-world.ts';
import type { FakeRuntime } from './fake-runtime.ts';

const HERE = { fleet: 'default', ordinal: 0 };
const THERE = { fleet: 'other', ordinal: 0 };

describeWithApiServer('a bot that begins anew goes on', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it('from what it told last where it moves, though no status says so', async () => {
    const { here, there } = await twoFleets();
    here.receive(5);
    const told = pause();
    here.pause(told);
    await world().bot('mover', { fleet: THERE.fleet });
    expect(await beginsOn(there)).toMatchObject({ counters: { updates: 5 }, ...told });
  });

  it('from what it told last where its pod is killed', async () => {
    const { here } = await twoFleets();
    const told = pause();
    here.pause(told);
    await heard();
    await world().kill(HERE);
    expect(await beginsOn(await startAnew())).toMatchObject(told);
  });

  it('from what it told last where its pod is killed under another leader', async () => {
    const { here } = await twoFleets();
    const told = pause();
    here.pause(told);
    await heard();
    await world().leader?.[Symbol.asyncDispose]();
    await world().lead();
    await heard();
    await world().kill(HERE);
    expect(await beginsOn(await startAnew())).toMatchObject(told);
  });

  it('from its status where its pod is killed together with the leader', async () => {
    const { here } = await twoFleets();
    const told = pause();
    here.pause(told);
    for (let second = 0; second < 61; second++) await world().oneSecond(HERE);
    await world().until('mover', 'to tell of its pause', (status) => !!status.cooldown);
    await world().kill(HERE);
    await world().leader?.[Symbol.asyncDispose]();
    await world().lead();
    const resume = await beginsOn(world().run(HERE, 'pod-2'));
    expect(resume?.cooldown).toEqual(told.cooldown);
  });

  it('without a pause that is over', async () => {
    const { here, there } = await twoFleets();
    here.pause(pause());
    await heard();
    here.pause({});
    await world().bot('mover', { fleet: THERE.fleet });
    const resume = await beginsOn(there);
    expect(resume).not.toHaveProperty('cooldown');
    expect(resume).not.toHaveProperty('chatCooldowns');
  });

  it('and pauses cost no write at once', async () => {
    const { here } = await twoFleets();
    const writes = world().leader?.mortal.writes ?? [];
    const before = writes.length;
    for (let second = 0; second < 30; second++) {
      here.pause(pause());
      await world().oneSecond(HERE);
    }
    expect(writes.length - before).toBeLessThanOrEqual(1);
  });

  /** A bot `mover` that runs on the one, and the other, which has none. */
  async function twoFleets() {
    const here = world().run(HERE);
    const there = world().run(THERE);
    await world().fleet(THERE.fleet);
    await world().lead();
    await world().botWithToken('mover', 21);
    await world().untilReady('mover');
    return { here, there };
  }

  /** Of ten minutes, from now on. */
  function pause(): Cooldowns {
    const nowMs = world().clock.wallMs();
    const cooldown = { since: toTimestamp(nowMs), until: toTimestamp(nowMs + 600_000) };
    return { cooldown, chatCooldowns: [{ of: 5, ...cooldown }] };
  }

  /** The leader has heard all that the runtime here has told. */
  async function heard(): Promise<void> {
    for (let n = 0; n < 3; n++) await world().oneSecond(HERE);
  }

  /** Another pod runs the shard, once the one before can't any more. */
  async function startAnew(): Promise<FakeRuntime> {
    const next = world().run(HERE, 'pod-2');
    for (let n = 0; n < 12; n++) await world().oneSecond(HERE);
    return next;
  }

  async function beginsOn(runtime: FakeRuntime): Promise<Resume | undefined> {
    const { resume } = await waitFor('the bot to begin', () => [...runtime.running.values()][0]);
    return resume;
  }
});
