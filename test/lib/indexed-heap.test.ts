import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndexedHeap } from '../../src/lib/indexed-heap.ts';

interface Item {
  readonly id: number;
  rank: number;
}

const before = (a: Item, b: Item): boolean => (a.rank === b.rank ? a.id < b.id : a.rank < b.rank);

const operation = fc.record({
  kind: fc.constantFrom('push', 'push', 'pop', 'update', 'remove'),
  pick: fc.nat(),
  rank: fc.nat(20),
});

describe('IndexedHeap', () => {
  it('does what a sorted array does', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const heap = new IndexedHeap<Item>(before);
        const model: Item[] = [];
        for (const [id, { kind, pick, rank }] of operations.entries()) {
          const picked = model[pick % Math.max(1, model.length)];
          if (kind === 'push') {
            const item = { id, rank };
            model.push(item);
            heap.push(item);
          } else if (kind === 'pop') {
            expect(heap.pop()).toBe(model.shift());
          } else if (picked && kind === 'update') {
            picked.rank = rank;
            heap.update(picked);
          } else if (picked) {
            model.splice(model.indexOf(picked), 1);
            heap.remove(picked);
          }
          model.sort((a, b) => (before(a, b) ? -1 : 1));
          expect([heap.peek(), heap.size]).toEqual([model[0], model.length]);
        }
        const rest = Array.from(model, () => heap.pop());
        expect(rest).toEqual(model);
      }),
    );
  });

  it('takes the removal of a stranger in silence, and can be cleared', () => {
    const heap = new IndexedHeap<Item>(before);
    heap.push({ id: 1, rank: 1 });
    heap.remove({ id: 1, rank: 1 });
    expect([...heap]).toHaveLength(1);
    heap.clear();
    expect([heap.size, heap.pop()]).toEqual([0, undefined]);
  });
});
