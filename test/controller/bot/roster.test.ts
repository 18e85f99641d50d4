import { expect, test } from 'vitest';
import type { BotKey } from '../../../src/api/group.ts';
import type { Placement } from '../../../src/api/tenant-bot-status.ts';
import { Roster } from '../../../src/controller/bot/roster.ts';

const SINCE = '2026-01-01T00:00:00Z';
const on = (shard: number): Placement => ({
  fleet: 'default',
  shard,
  epoch: 1,
  since: SINCE,
  botId: 7,
});

test('a shard bears the weights of the bots that stay there, from when that is decided', () => {
  const roster = new Roster();
  const loads = (): number[] => [0, 1].map((ordinal) => roster.load({ fleet: 'default', ordinal }));
  for (const [index, weight] of [1, 20].entries()) {
    const uid = `bot-${index}`;
    roster.record({ uid, key: `tenants/${uid}` as BotKey, createdAt: SINCE });
    roster.weigh(uid, weight);
    roster.want(uid, { fleet: 'default', botId: 7 + index });
    roster.place(uid, { ...on(0), botId: 7 + index });
  }
  expect(loads()).toEqual([21, 0]);
  roster.retarget('bot-1', { fleet: 'default', ordinal: 1 });
  expect(loads()).toEqual([1, 20]);
  roster.drop('bot-0');
  expect(loads()).toEqual([0, 20]);
});

test('a place counts as taken while the API server has it, whatever was decided meanwhile', () => {
  const roster = new Roster();
  const taken = (): (number | undefined)[] =>
    [0, 1].map((ordinal) => roster.taken('default').get(ordinal));
  roster.record({ uid: 'bot', key: 'tenants/bot', createdAt: SINCE });
  roster.want('bot', { fleet: 'default', botId: 7 });
  roster.place('bot', on(0));
  // Released, and placed anew, while the write of its first place was under way.
  roster.place('bot', on(1));
  roster.placementWritten('bot', on(0));
  expect(taken()).toEqual([1, 1]);
  roster.placementWritten('bot', on(1));
  expect(taken()).toEqual([undefined, 1]);
});
