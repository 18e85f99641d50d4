import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CacheIndex } from '../../src/kube/cache-index.ts';

interface Item {
  readonly id: number;
  readonly values: readonly string[];
}

const VALUES = ['', 'a', 'b', 'c', '__proto__'];
const values = fc.array(fc.constantFrom(...VALUES), { maxLength: 4 });
const change = fc.record({
  key: fc.constantFrom('k1', 'k2', 'k3', 'k4'),
  values: fc.option(values),
});

test('an index says what a linear scan would', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 50 }), (changes) => {
      const index = new CacheIndex<Item>((item) => item.values);
      const all = new Map<string, Item>();
      for (const [id, { key, values }] of changes.entries()) {
        const after = values === null ? undefined : { id, values };
        index.update(key, all.get(key), after);
        if (after) all.set(key, after);
        else all.delete(key);
        for (const value of VALUES) {
          const scanned = [...all.values()].filter((item) => item.values.includes(value));
          expect(new Set(index.get(value))).toEqual(new Set(scanned));
          expect(index.get(value)).toHaveLength(scanned.length);
        }
      }
    }),
    { numRuns: 500 },
  );
});
