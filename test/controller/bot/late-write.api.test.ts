import { expect, it } from 'vitest';
import type { Placement } from '../../../src/api/tenant-bot-status.ts';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { isStatus } from '../../../src/kube/api-error.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { type BotWorld, botWorld, type SeenBot } from './bot-world.ts';

const SHARD = { fleet: 'default', ordinal: 0 };

describeWithApiServer('a leader that was stopped while it wrote', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);

  it.each([
    ['the bot runs', {}],
    ['the bot is to rest', { suspended: true }],
  ])('and goes on later: its place is outbid where %s, never undone', async (_, change) => {
    await using leader = await world().lead();
    world().run(SHARD);
    await world().botWithToken('bot', 11);
    const bot = await world().untilReady('bot');
    const seen = await epochs(world(), bot, async () => {
      await writePlace(world(), bot, { epoch: 2, shard: 3 });
      if ('suspended' in change) await world().bot('bot', change);
      await world().until('bot', 'to outbid it', ({ placement }) => (placement?.epoch ?? 0) > 2);
    });
    if ('suspended' in change) {
      await world().until('bot', 'to rest', ({ phase }) => phase === 'Suspended');
    } else {
      const { status } = await world().untilReady('bot');
      expect(status?.placement).toMatchObject({ shard: 0, epoch: 3, botId: 11 });
    }
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(leader.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('comes too late where anybody has written the bot since', async () => {
    await using _ = await world().lead();
    world().run(SHARD);
    await world().botWithToken('bot', 11);
    const bot = await world().untilReady('bot');
    await world().bot('bot', { suspended: true });
    await world().until('bot', 'to rest', ({ phase }) => phase === 'Suspended');
    const late = writePlace(world(), bot, { epoch: 2 });
    await expect(late).rejects.toSatisfy((error: unknown) => isStatus(error, 409));
  });
});

/** The write of a leader before, on what it had read. */
async function writePlace(
  { client }: BotWorld,
  { metadata, status }: SeenBot,
  change: Partial<Placement>,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = metadata;
  await client.mergePatch(
    TENANT_BOTS,
    { namespace, name },
    {
      metadata: { uid, resourceVersion },
      status: { placement: { ...status?.placement, ...change } },
    },
    { subresource: 'status', fieldManager: 'test' },
  );
}

/** The epochs that are stored in turn while `act` runs. */
async function epochs(
  { client }: BotWorld,
  { metadata }: SeenBot,
  act: () => Promise<void>,
): Promise<number[]> {
  const { namespace, resourceVersion } = metadata;
  const stop = new AbortController();
  const seen: number[] = [];
  const watched = (async () => {
    const options = { namespace, resourceVersion, timeoutSeconds: 300, signal: stop.signal };
    for await (const event of client.watch(TENANT_BOTS, options)) {
      if (event.type === 'BOOKMARK') continue;
      const { placement } = (event.object as SeenBot).status ?? {};
      if (placement) seen.push(placement.epoch);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await act();
  stop.abort();
  await watched;
  return seen;
}
