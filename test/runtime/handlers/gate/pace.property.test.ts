import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { Pace } from '../../../../src/runtime/handlers/gate/pace.ts';

const REFILL_MS = 1_000;

test('no stretch of time holds more than the burst and what is refilled in it', () => {
  const burst = fc.integer({ min: 1, max: 5 });
  const tries = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), key: fc.constantFrom('a', 'b') }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(burst, tries, (burst, tries) => {
      const clock = new AdjustableClock();
      const pace = new Pace(clock, { burst, refillMs: REFILL_MS, capacity: 10 });
      const taken: { key: string; atMs: number }[] = [];
      for (const { afterMs, key } of tries) {
        clock.advance(afterMs);
        const atMs = clock.monotonicMs();
        const mine = taken.filter((other) => other.key === key);
        // Allowed unless some stretch that ends now would then hold too many.
        const allowed = mine.every((first, index) => {
          const held = mine.length - index + 1;
          return held <= burst + (atMs - first.atMs) / REFILL_MS + 1e-9;
        });
        expect(pace.take(key)).toBe(allowed);
        if (allowed) taken.push({ key, atMs });
      }
    }),
    { numRuns: 500 },
  );
});

test('of many that are kept to it, only so many are remembered', () => {
  const pace = new Pace(new AdjustableClock(), { burst: 1, refillMs: 1_000, capacity: 2 });
  expect(['a', 'b', 'b', 'c', 'a'].map((key) => pace.take(key))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
});
