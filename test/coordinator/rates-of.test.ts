import { expect, test } from 'vitest';
import { MAX_SHARD_METHODS } from '../../src/api/fleet-rates.ts';
import { ratesOf } from '../../src/coordinator/rates-of.ts';

type Share = { readonly shard: number; readonly granted: number; readonly used: number };

const row = (resource: string, cap: number, granted: number, shares: readonly Share[] = []) => ({
  resource,
  cap,
  granted,
  used: 2,
  wanted: 0,
  shares,
});

test('rates are told of the whole and by method, where there are limits', () => {
  expect(ratesOf({ factor: 1, resources: [] })).toBeUndefined();
  expect(ratesOf({ factor: 1, resources: [row('total', 30, 15)] })).toEqual({
    perSecond: 30,
    granted: 15,
    used: 2,
  });
  expect(ratesOf({ factor: 1, resources: [row('method:sendMessage', 5, 4)] })).toEqual({
    methods: { sendMessage: { perSecond: 5, granted: 4, used: 2 } },
  });
});

test('rates are told of each shard, in order', () => {
  const total = [1, 0].map((shard) => ({ shard, granted: 10 + shard, used: shard }));
  const sends = [{ shard: 1, granted: 3, used: 1 }];
  const resources = [row('total', 30, 21, total), row('method:sendMessage', 5, 3, sends)];
  expect(ratesOf({ factor: 1, resources })?.shards).toEqual([
    { shard: 0, granted: 10, used: 0 },
    { shard: 1, granted: 11, used: 1, methods: { sendMessage: { granted: 3, used: 1 } } },
  ]);
});

test('single methods of shards are left out where they would be very many', () => {
  const shares = Array.from({ length: MAX_SHARD_METHODS / 2 + 1 }, (_, shard) => ({
    shard,
    granted: 1,
    used: 0,
  }));
  const resources = [row('total', 30, 21, shares), row('method:sendMessage', 5, 3, shares)];
  const { shards = [], methods } = ratesOf({ factor: 1, resources }) ?? {};
  expect(shards).toHaveLength(shares.length);
  expect(shards.every((shard) => shard.methods === undefined)).toBe(true);
  expect(methods).toHaveProperty('sendMessage');
});
