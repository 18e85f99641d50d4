import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/lib/bounded-queue.ts';

describe('BoundedQueue', () => {
  it('does what a plain array with a bound does', () => {
    const operations = fc.array(fc.option(fc.integer()), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), operations, (capacity, pushes) => {
        const queue = new BoundedQueue<number>(capacity);
        let model: number[] = [];
        let dropped = 0;
        for (const item of pushes) {
          if (item === null) {
            expect(queue.shift()).toBe(model.shift());
          } else {
            queue.push(item);
            model.push(item);
            dropped += Math.max(0, model.length - capacity);
            model = model.slice(-capacity);
          }
          expect([...queue]).toEqual(model);
          expect([queue.size, queue.dropped]).toEqual([model.length, dropped]);
        }
      }),
    );
  });

  it('tells which item made room', () => {
    const queue = new BoundedQueue<string>(1);
    expect(queue.push('a')).toBeUndefined();
    expect(queue.push('b')).toBe('a');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a capacity of %s', (capacity) => {
    expect(() => new BoundedQueue(capacity)).toThrow('capacity must be a whole number above 0');
  });
});
