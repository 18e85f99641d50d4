import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claimant, judgeClaim } from '../../src/planner/claim.ts';

const claimants: fc.Arbitrary<Claimant[]> = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom('a/a', 'a/b', 'b/a', 'b/b', 'c/c'),
    createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    holds: fc.boolean(),
    wants: fc.boolean(),
  }),
  { minLength: 1, selector: ({ key }) => key },
);

const judge = (all: readonly Claimant[], mine: Claimant) =>
  judgeClaim(
    mine,
    all.filter((other) => other !== mine),
  );

describe('of those that are after one bot', () => {
  it('exactly one is not refused: the holder, else the oldest, of those that want it', () => {
    fc.assert(
      fc.property(claimants, (all) => {
        const wanting = all.filter(({ wants }) => wants);
        const winners = wanting.filter((mine) => judge(all, mine).kind !== 'taken');
        const [first] = wanting.toSorted(
          (a, b) =>
            Number(b.holds) - Number(a.holds) ||
            a.createdAt.localeCompare(b.createdAt) ||
            (a.key < b.key ? -1 : 1),
        );
        expect(winners).toEqual(first ? [first] : []);
        for (const mine of wanting) {
          if (mine !== first) expect(judge(all, mine)).toEqual({ kind: 'taken', by: first?.key });
        }
      }),
    );
  });

  it('none may start while another may still be running it', () => {
    fc.assert(
      fc.property(claimants, (all) => {
        for (const mine of all) {
          if (judge(all, mine).kind !== 'free') continue;
          expect(all.some((other) => other !== mine && other.holds)).toBe(false);
        }
      }),
    );
  });
});
