import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, type Claim } from '../../src/coordinator/allocate.ts';

const claim = (demand: number, weight = 1, floor = 0): Claim => ({ demand, weight, floor });

describe('allocate', () => {
  test.each([
    ['nobody asks', 10, [], []],
    ['one takes all, whatever it wants', 10, [claim(2)], [10]],
    [
      'who wants little gets it, the others share',
      30,
      [claim(4), claim(50), claim(50)],
      [4, 13, 13],
    ],
    ['by weight', 30, [claim(50, 1), claim(50, 2)], [10, 20]],
    ['what is left is spread by weight', 30, [claim(4, 1), claim(2, 2)], [12, 18]],
    ['a floor for who wants nothing', 20, [claim(0, 1, 2), claim(50)], [2, 18]],
    ['floors that do not fit', 3, [claim(0, 1, 2), claim(9, 1, 2)], [2, 1]],
    ['less than one each: who comes first', 2, [claim(9), claim(9), claim(9)], [1, 1, 0]],
    ['nothing to share', 0, [claim(9), claim(0)], [0, 0]],
  ] satisfies [string, number, Claim[], number[]][])('%s', (_, capacity, claims, expected) => {
    expect(allocate(capacity, claims)).toEqual(expected);
  });

  const claims = fc.array(
    fc.record({
      demand: fc.nat({ max: 120 }),
      weight: fc.integer({ min: 1, max: 8 }),
      floor: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  test('divides all of it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), claims, (capacity, claims) => {
        expect(sum(allocate(capacity, claims))).toBe(capacity);
      }),
    );
  });

  test('equals handing out one by one, within one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), claims, (capacity, claims) => {
        const expected = oneByOne(capacity, claims);
        const shares = allocate(capacity, claims);
        for (const [index, share] of shares.entries()) {
          expect(Math.abs(share - (expected[index] ?? 0))).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('equal claims get the same within one, and a larger demand never less', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), claims, (capacity, claims) => {
        const shares = allocate(capacity, claims);
        for (const [a, one] of claims.entries()) {
          for (const [b, other] of claims.entries()) {
            if (one.weight !== other.weight || one.floor !== other.floor) continue;
            if (one.demand > other.demand) continue;
            expect(shares[a]).toBeLessThanOrEqual((shares[b] ?? 0) + 1);
          }
        }
      }),
    );
  });
});

/** Each next one to who has least for its weight: among floors, then among demands, then all. */
function oneByOne(capacity: number, claims: readonly Claim[]): number[] {
  const shares = claims.map(() => 0);
  let left = capacity;
  const give = (until: (claim: Claim) => number, has: (index: number) => number): void => {
    for (; left > 0; left--) {
      let least: number | undefined;
      for (const [index, claim] of claims.entries()) {
        if (has(index) >= until(claim)) continue;
        const level = (of: number): number => (has(of) + 0.5) / (claims[of]?.weight ?? 1);
        if (least === undefined || level(index) < level(least)) least = index;
      }
      if (least === undefined) return;
      shares[least] = (shares[least] ?? 0) + 1;
    }
  };
  give(
    ({ floor }) => floor,
    (index) => shares[index] ?? 0,
  );
  give(
    ({ floor, demand }) => Math.max(floor, demand),
    (index) => shares[index] ?? 0,
  );
  const before = [...shares];
  give(
    () => Number.POSITIVE_INFINITY,
    (index) => (shares[index] ?? 0) - (before[index] ?? 0),
  );
  return shares;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
