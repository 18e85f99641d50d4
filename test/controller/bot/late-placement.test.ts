import { expect, test } from 'vitest';
import type { Placement } from '../../../src/api/tenant-bot-status.ts';
import { latePlacement } from '../../../src/controller/bot/late-placement.ts';
import { atRest } from '../../../src/controller/bot/roster.ts';

const SINCE = '2026-01-01T00:00:00Z';
const MINE: Placement = { fleet: 'default', shard: 1, epoch: 3, since: SINCE, botId: 7 };

test.each<[string, Partial<Placement>, boolean]>([
  ['an older place', { epoch: 2, shard: 0 }, false],
  ['its own place', {}, false],
  ['its own place, at rest', { botId: undefined }, false],
  ['a newer place', { epoch: 4 }, true],
  ['a place that nobody can have come to', { epoch: 9 }, false],
  ['another place of the same epoch', { shard: 0 }, true],
  ['another fleet of the same epoch', { fleet: 'other' }, true],
])('a leader that finds %s stored', (_, change, isLate) => {
  const stored: Placement = { ...MINE, ...change };
  expect(latePlacement(stored, MINE)).toBe(isLate ? stored : undefined);
});

test('a leader that knows of no place takes each one that it finds for late', () => {
  expect(latePlacement(MINE, undefined)).toBe(MINE);
  expect(latePlacement(undefined, MINE)).toBeUndefined();
});

test('a bot that rests outbids it, too', () => {
  const late = { ...MINE, shard: 0, epoch: 5 };
  const kept = { fleet: 'default', shard: 1, since: SINCE };
  expect(atRest(MINE)).toEqual({ ...kept, epoch: 3 });
  expect(atRest(MINE, late)).toEqual({ ...kept, epoch: 6 });
  expect(atRest(undefined, late)).toEqual({ ...kept, shard: 0, epoch: 6 });
});
