import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ring } from '../../src/emulator/ring.ts';

it('Ring keeps the newest items under their numbers, as a list of all of them would', () => {
  const steps = fc.array(fc.constantFrom('append', 'read', 'clear'), { maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), steps, fc.nat(12), (capacity, kinds, since) => {
      const ring = new Ring<number>(capacity);
      let all: number[] = [];
      for (const kind of kinds) {
        if (kind === 'append') all.push(ring.append((seq) => seq));
        if (kind === 'clear') {
          ring.clear();
          all = [];
        }
        expect(ring.lastSeq).toBe(all.length);
        expect(ring.dropped).toBe(Math.max(0, all.length - capacity));
        expect([...ring.since(since)]).toEqual(all.slice(-capacity).filter((seq) => seq > since));
      }
    }),
  );
});
