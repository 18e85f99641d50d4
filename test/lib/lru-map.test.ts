import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LruMap } from '../../src/lib/lru-map.ts';

const CAPACITY = 4;
const key = fc.integer({ min: 0, max: 7 });
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), key }),
  fc.record({ kind: fc.constant('set' as const), key }),
);

test('holds the entries that were used last, and no more than it may', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const map = new LruMap<number, number>(CAPACITY);
      // The oracle: all that was used, the last first.
      let oracle: (readonly [number, number])[] = [];
      for (const [index, { kind, key }] of steps.entries()) {
        const known = oracle.find(([other]) => other === key);
        const others = oracle.filter(([other]) => other !== key);
        if (kind === 'set') {
          map.set(key, index);
          oracle = [[key, index] as const, ...others].slice(0, CAPACITY);
        } else if (kind === 'get') {
          expect(map.get(key)).toBe(known?.[1]);
          if (known) oracle = [known, ...others];
        } else {
          expect(map.delete(key)).toBe(known !== undefined);
          oracle = others;
        }
        expect([...map.values()].toReversed()).toEqual(oracle.map(([, value]) => value));
        expect(map.size).toBe(oracle.length);
      }
    }),
  );
});
