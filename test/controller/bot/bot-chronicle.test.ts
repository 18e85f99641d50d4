import { beforeEach, describe, expect, it } from 'vitest';
import type { TransitionRecord } from '../../../src/api/history-records.ts';
import { BotChronicle } from '../../../src/controller/bot/bot-chronicle.ts';
import type { StoredBot } from '../../../src/controller/bot/stored-bot.ts';
import { Cache } from '../../../src/kube/cache.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { makeLog } from '../../standalone/support.ts';

/** A bot that shard `shard` runs; that none runs where `shard` is undefined. */
function stored(shard: number | undefined, uid = 'one', epoch = 1): StoredBot {
  const placement = { fleet: 'default', shard: shard ?? 0, epoch, since: '2026-02-01T12:00:00Z' };
  return {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: {
      namespace: 'team',
      name: 'greeter',
      uid,
      resourceVersion: '1',
      creationTimestamp: '2026-02-01T12:00:00Z',
    },
    status: {
      bot: { id: 7, username: 'greeter_bot', name: 'Greeter' },
      placement: { ...placement, ...(shard !== undefined && { botId: 7 }) },
    },
  };
}

describe('what a leader tells of bots', () => {
  const clock = new AdjustableClock();
  let bots: Cache<StoredBot>;
  let told: TransitionRecord[];
  let gone: string[];
  let chronicle: BotChronicle;
  beforeEach(() => {
    bots = new Cache<StoredBot>({ log: makeLog().log });
    told = [];
    gone = [];
    chronicle = new BotChronicle(clock, {
      onTransition: (record) => told.push(record),
      onGone: (uid) => gone.push(uid),
    });
  });

  let version = 0;
  const set = (...there: StoredBot[]): void => {
    version++;
    const resourceVersion = String(version);
    for (const { metadata } of there) Object.assign(metadata, { resourceVersion });
    bots.replace(there, resourceVersion);
  };

  it('knows them by name, and by what Telegram calls them', () => {
    set(stored(0));
    chronicle.follow(bots);
    expect(chronicle.find('one')).toEqual({
      namespace: 'team',
      name: 'greeter',
      botId: 7,
      username: 'greeter_bot',
    });
    expect(chronicle.find('two')).toBeUndefined();
  });

  it('tells of each change of place once, and not of places that were there before', () => {
    set(stored(0));
    chronicle.follow(bots);
    set(stored(0));
    set(stored(undefined));
    set(stored(1, 'one', 2));
    set(stored(3, 'one', 3));
    expect(told.map(({ from, to, epoch, seq }) => ({ from, to, epoch, seq }))).toEqual([
      { from: 'default/0', to: 'none', epoch: 1, seq: 0 },
      { from: undefined, to: 'default/1', epoch: 2, seq: 1 },
      { from: 'default/1', to: 'default/3', epoch: 3, seq: 2 },
    ]);
  });

  it('tells when one is gone, and when another has taken its name', () => {
    set(stored(0));
    const unfollow = chronicle.follow(bots);
    set(stored(1, 'two'));
    expect(gone).toEqual(['one']);
    expect(told).toMatchObject([{ uid: 'two', to: 'default/1' }]);
    set();
    expect(gone).toEqual(['one', 'two']);
    unfollow();
    set(stored(0));
    expect(told).toHaveLength(1);
  });
});
