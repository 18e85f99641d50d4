import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FinishedIds } from '../../../src/runtime/intake/finished-ids.ts';

const DAY_MS = 86_400_000;

test('knows what was added, and nothing else', () => {
  const ids = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 80 });
  fc.assert(
    fc.property(ids, (added) => {
      const finished = new FinishedIds();
      const oracle = new Set<number>();
      for (const id of added) {
        finished.add(id, 0);
        oracle.add(id);
        for (let each = -1; each <= 61; each++) {
          expect(finished.has(each, 0)).toBe(oracle.has(each));
        }
      }
    }),
  );
});

test('keeps the newest of more gaps than it remembers', () => {
  const finished = new FinishedIds();
  for (let id = 0; id < 2_200; id += 2) finished.add(id, 0);
  const known = Array.from({ length: 2_200 }, (_, id) => id).filter((id) => finished.has(id, 0));
  expect(known).toEqual(Array.from({ length: 1_024 }, (_, index) => 152 + 2 * index));
});

test('forgets after a quiet time, in which ids may begin anew', () => {
  const finished = new FinishedIds();
  finished.add(7, 0);
  expect(finished.has(7, DAY_MS)).toBe(true);
  finished.add(8, DAY_MS);
  expect(finished.has(7, 3 * DAY_MS)).toBe(true);
  expect(finished.has(7, 3 * DAY_MS + 1)).toBe(false);
});
