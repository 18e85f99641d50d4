import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideLimits, type Party } from '../../src/coordinator/decide.ts';

function party(exposure: number, base: number, demand?: number): Party {
  const claim = demand === undefined ? undefined : { demand, weight: 1, floor: 0 };
  return { exposure, base, claim };
}

describe('decideLimits', () => {
  it.each<[string, number, Party[], (number | undefined)[]]>([
    ['nobody', 10, [], []],
    ['all is free: by demand', 10, [party(0, 0, 8), party(0, 0, 2)], [8, 2]],
    [
      'who is out of reach keeps what it may use',
      10,
      [party(6, 6), party(0, 0, 9)],
      [undefined, 4],
    ],
    ['nobody grows before another has shrunk', 10, [party(10, 10, 5), party(0, 0, 5)], [5, 0]],
    ['once it has, the other grows', 10, [party(5, 5, 5), party(0, 0, 5)], [5, 5]],
    ['the capacity was lowered: all come down', 4, [party(6, 6, 6), party(4, 4, 6)], [2, 2]],
    [
      'upper bounds alone: nobody gets more than it surely has',
      10,
      [party(9, 3, 9), party(9, 1, 9)],
      [3, 1],
    ],
    ['all is taken by those out of reach', 10, [party(12, 12), party(0, 0, 5)], [undefined, 0]],
    ['no capacity at all', 0, [party(0, 0, 5)], [0]],
  ])('%s', (_, capacity, parties, limits) => {
    expect(decideLimits(capacity, parties)).toEqual(limits);
  });

  const parties = fc.array(
    fc.record({
      exposure: fc.nat(50),
      // What it surely has is part of what it may use.
      surely: fc.double({ min: 0, max: 1, noNaN: true }),
      demand: fc.option(fc.nat(60), { nil: undefined }),
      weight: fc.integer({ min: 1, max: 16 }),
    }),
    { maxLength: 12 },
  );

  it('never lets all together use more than the capacity, or than what is used already', () => {
    fc.assert(
      fc.property(fc.nat(200), parties, (capacity, made) => {
        const all = made.map(({ exposure, surely, demand, weight }) => ({
          ...party(exposure, Math.floor(exposure * surely), demand),
          ...(demand !== undefined && { claim: { demand, weight, floor: 0 } }),
        }));
        const limits = decideLimits(capacity, all);
        // Each may be granted before any other is: what it may be using then is the larger one.
        const most = all.map(({ exposure }, index) => Math.max(exposure, limits[index] ?? 0));
        const used = sum(all.map(({ exposure }) => exposure));
        expect(sum(most)).toBeLessThanOrEqual(Math.max(capacity, used));
        expect(limits.every((limit) => limit === undefined || Number.isInteger(limit))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hands out all there is, after as many rounds as it takes to hear of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), parties, (capacity, made) => {
        let all = made.map(({ exposure, weight, demand = 0 }) => ({
          ...party(exposure, exposure, demand),
          claim: { demand, weight, floor: 0 },
        }));
        for (let round = 0; round < 3; round++) {
          const limits = decideLimits(capacity, all);
          all = all.map((one, index) => {
            const limit = limits[index] ?? 0;
            return { ...one, exposure: limit, base: limit };
          });
        }
        if (all.length > 0) expect(sum(all.map(({ exposure }) => exposure))).toBe(capacity);
      }),
      { numRuns: 1_000 },
    );
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
