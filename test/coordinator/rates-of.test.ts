import { expect, test } from 'vitest';
import { ratesOf } from '../../src/coordinator/rates-of.ts';

const row = (resource: string, cap: number, granted: number) => ({
  resource,
  cap,
  granted,
  used: 0,
  wanted: 0,
});

test('rates are told of the whole and by method, where there are limits', () => {
  expect(ratesOf({ factor: 1, resources: [] })).toBeUndefined();
  expect(ratesOf({ factor: 1, resources: [row('total', 30, 15)] })).toEqual({
    perSecond: 30,
    granted: 15,
  });
  expect(ratesOf({ factor: 1, resources: [row('method:sendMessage', 5, 4)] })).toEqual({
    methods: { sendMessage: { perSecond: 5, granted: 4 } },
  });
});
