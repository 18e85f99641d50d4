import { expect, it } from 'vitest';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import { botWorld, condition } from './bot-world.ts';

const SHARD = { fleet: 'default', ordinal: 0 };
const MINUTE_MS = 60_000;
const TWO = { coldStart: { perMinute: 2, perHour: 10 } };

describeWithApiServer('bots that Telegram has to load', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);
  const names = ['a', 'b', 'c', 'd', 'e'];

  async function reasons(): Promise<readonly (string | undefined)[]> {
    const bots = await Promise.all(names.map((name) => world().get(name)));
    return bots.map((bot) => condition(bot?.status, 'Ready')?.reason);
  }
  const count = async (reason: string): Promise<number> =>
    (await reasons()).filter((one) => one === reason).length;

  async function makeBots(): Promise<void> {
    for (const [index, name] of names.entries()) await world().botWithToken(name, 300 + index);
    await waitFor('two to run and three to wait', async () => {
      return (await count('Running')) === 2 && (await count('ColdStart')) === 3;
    });
  }

  it('start in turn; those that wait are Pending, and told when their turn comes', async () => {
    await world().fleet('default', {}, TWO);
    world().run(SHARD);
    const leader = await world().lead();
    await makeBots();
    const waiting = (await reasons()).indexOf('ColdStart');
    const { status } = (await world().get(names[waiting] ?? '')) ?? {};
    expect(status?.phase).toBe('Pending');
    expect(status?.placement).toBeUndefined();
    const placed = condition(status, 'Placed');
    expect(placed).toMatchObject({ status: 'False', reason: 'ColdStart' });
    expect(placed?.message).toMatch(/turn of this one comes at about \d{4}-.*:00Z/);
    const writes = leader.mortal.writes.length;
    for (let second = 0; second < 50; second++) await world().oneSecond(SHARD);
    expect(await count('ColdStart')).toBe(3);
    expect(leader.mortal.writes).toHaveLength(writes);
    await world().clock.advanceAsync(10_000);
    await waitFor('two more', async () => (await count('Running')) === 4);
    await world().clock.advanceAsync(MINUTE_MS);
    await waitFor('the last', async () => (await count('Running')) === 5);
  });

  it('wait no less under the next leader', async () => {
    await world().fleet('default', {}, TWO);
    world().run(SHARD);
    const first = await world().lead();
    await makeBots();
    await first[Symbol.asyncDispose]();
    await world().lead();
    for (let second = 0; second < 30; second++) await world().oneSecond(SHARD);
    expect(await count('ColdStart')).toBe(3);
    await world().clock.advanceAsync(MINUTE_MS);
    await waitFor('two more', async () => (await count('Running')) === 4);
  });

  it('all start as soon as more may', async () => {
    await world().fleet('default', {}, TWO);
    world().run(SHARD);
    await world().lead();
    await makeBots();
    await world().fleet('default', {}, { coldStart: { perMinute: 50, perHour: 50 } });
    await waitFor('all', async () => (await count('Running')) === 5);
  });

  it('need no turn when they were served a moment ago', async () => {
    await world().fleet('default', {}, TWO);
    world().run(SHARD);
    await world().lead();
    await makeBots();
    const name = names[(await reasons()).indexOf('Running')] ?? '';
    await world().bot(name, { suspended: true });
    await world().untilReason(name, 'Suspended');
    await world().bot(name, { suspended: false });
    await world().untilReady(name);
    expect(await count('ColdStart')).toBe(3);
  });
});
