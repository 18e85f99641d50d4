import { expect, it } from 'vitest';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { waitFor } from '../../support/wait.ts';
import { type BotWorld, botWorld, condition } from './bot-world.ts';

describeWithApiServer('a leader that is killed', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it.each([1, 2, 3])('after every %i. write leaves the next one all it needs', async (writes) => {
    await world().fleet('other');
    for (const fleet of ['default', 'other']) world().run({ fleet, ordinal: 0 });
    const stop = new AbortController();
    const leaders = succession(world(), writes, stop.signal);
    await theStory(world());
    stop.abort();
    // The one at work lives on and finds nothing left to do.
    const last = await leaders;
    await theEnd(world());
    expect(last.deaths).toBeGreaterThan(20 / writes);
  });
});

/** One leader after the other, each killed after so many writes, until `signal` aborts. */
async function succession(
  world: BotWorld,
  dieAfterWrites: number,
  signal: AbortSignal,
): Promise<{ readonly deaths: number }> {
  let deaths = 0;
  while (!signal.aborted) {
    const leader = await world.lead({ dieAfterWrites });
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([leader.done, aborted]);
    deaths++;
  }
  return { deaths };
}

/** Bots come, move, rest, change their tokens and go. */
async function theStory(world: BotWorld): Promise<void> {
  await world.botWithToken('stays', 11);
  await world.botWithToken('moves', 12);
  await world.botWithToken('goes', 13);
  for (const name of ['stays', 'moves', 'goes']) await world.untilReady(name);
  await world.botWithToken('heir', 13);
  await world.untilReason('heir', 'SameBot');
  await world.bot('moves', { fleet: 'other' });
  await world.bot('stays', { suspended: true });
  await world.until('stays', 'to rest', ({ phase }) => phase === 'Suspended');
  await world.untilReady('moves');
  await world.bot('stays');
  await world.delete('goes');
  await world.untilGone('goes');
  await world.untilReady('heir');
  await world.untilReady('stays');
}

async function theEnd(world: BotWorld): Promise<void> {
  const seen = await Promise.all(
    ['stays', 'moves', 'heir', 'goes'].map(async (name) => {
      const bot = await world.get(name);
      const { placement } = bot?.status ?? {};
      const ready = condition(bot?.status, 'Ready')?.reason;
      return bot && `${name} ${ready} ${placement?.fleet} ${placement?.epoch} ${placement?.botId}`;
    }),
  );
  expect(seen).toEqual([
    'stays Running default 2 11',
    'moves Running other 2 12',
    'heir Running default 1 13',
    undefined,
  ]);
  await waitFor('each bot to be polled by one', () =>
    [11, 12, 13].every((id) => world.ledger.pollerOf(id) !== undefined),
  );
}
