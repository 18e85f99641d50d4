import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUEUE_CAPACITY, type UpdateFate, UpdateQueue } from '../../src/emulator/update-queue.ts';

type Fates = [name: number, fate: UpdateFate][];

/** The same rules, as plainly as they can be put: a list that is filtered at every step. */
class Oracle {
  readonly fates: Fates = [];
  waiting: { id: number; expiresAtMs: number }[] = [];
  nextId: number;

  constructor(firstId: number) {
    this.nextId = firstId;
  }

  push(expiresAtMs: number): void {
    this.waiting.push({ id: this.nextId++, expiresAtMs });
  }

  take(offset: number, limit: number, nowMs: number): number[] {
    if (offset < 0) this.lose(Math.max(0, this.waiting.length + offset), 'dropped');
    const from = offset > 0 && offset <= this.nextId + 10 ? offset : 0;
    const taken: number[] = [];
    for (const { id, expiresAtMs } of this.waiting) {
      if (expiresAtMs < nowMs) this.leave(id, 'expired');
      else if (id < from) this.leave(id, 'confirmed');
      else if (taken.length === limit) break;
      else taken.push(id);
    }
    return taken;
  }

  lose(count: number, fate: UpdateFate): void {
    for (const { id } of this.waiting.slice(0, count)) this.leave(id, fate);
  }

  leave(id: number, fate: UpdateFate): void {
    if (this.waiting.some((entry) => entry.id === id)) this.fates.push([id, fate]);
    this.waiting = this.waiting.filter((entry) => entry.id !== id);
  }
}

const FIRST_ID = 100;

const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), ttlMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({
    kind: fc.constant('take' as const),
    offset: fc.oneof(fc.integer({ min: -12, max: 3 }), fc.integer({ min: 90, max: 160 })),
    limit: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ kind: fc.constant('keepLast' as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant('settle' as const), id: fc.integer({ min: 95, max: 150 }) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 20 }) }),
);

describe('UpdateQueue', () => {
  it('answers, confirms, drops and expires as a plain list with the same rules would', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fates: Fates = [];
        const oracle = new Oracle(FIRST_ID);
        const queue = new UpdateQueue<string>(FIRST_ID, ({ id }, fate) => fates.push([id, fate]));
        let nowMs = 0;
        for (const next of steps) {
          switch (next.kind) {
            case 'push':
              oracle.push(nowMs + next.ttlMs);
              queue.push('update', nowMs + next.ttlMs);
              break;
            case 'take': {
              const { offset, limit } = next;
              const ids = queue.take({ offset, limit, nowMs }).map(({ id }) => id);
              expect(ids).toEqual(oracle.take(offset, limit, nowMs));
              break;
            }
            case 'keepLast':
              oracle.lose(Math.max(0, oracle.waiting.length - next.count), 'dropped');
              queue.keepLast(next.count);
              break;
            case 'settle':
              oracle.leave(next.id, 'confirmed');
              queue.settle(next.id, 'confirmed');
              break;
            case 'time':
              nowMs += next.ms;
              break;
            default:
              next satisfies never;
          }
          expect(queue.size).toBe(oracle.waiting.length);
          expect(queue.nextId).toBe(oracle.nextId);
          expect(fates).toEqual(oracle.fates);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells what became of each update exactly once', () => {
    const fates: Fates = [];
    const queue = new UpdateQueue<string>(1, ({ id }, fate) => fates.push([id, fate]));
    for (const expiresAtMs of [100, 100, 5, 100]) queue.push('update', expiresAtMs);
    queue.take({ offset: 2, limit: 100, nowMs: 0 });
    queue.take({ offset: 2, limit: 100, nowMs: 10 });
    queue.keepLast(1);
    queue.settle(4, 'confirmed');
    queue.settle(4, 'confirmed');
    expect(fates).toEqual([
      [1, 'confirmed'],
      [3, 'expired'],
      [2, 'dropped'],
      [4, 'confirmed'],
    ]);
  });

  it('reads from the head where the offset lies too far ahead', () => {
    const queue = new UpdateQueue<string>(1, () => undefined);
    queue.push('update', 100);
    expect(queue.take({ offset: 1_000, limit: 10, nowMs: 0 })).toHaveLength(1);
    expect(queue.take({ offset: 3, limit: 10, nowMs: 0 })).toHaveLength(0);
  });

  it('shows what comes after an id without confirming anything', () => {
    const queue = new UpdateQueue<string>(1, () => undefined);
    for (const name of ['a', 'b', 'c']) queue.push(name, 100);
    expect(queue.peek(1, 1, 0).map(({ item }) => item)).toEqual(['b']);
    expect(queue.size).toBe(3);
  });

  it('takes no more than its capacity', () => {
    const queue = new UpdateQueue<number>(1, () => undefined);
    for (let count = 0; count < QUEUE_CAPACITY; count++) queue.push(count, 100);
    expect(queue.push(0, 100)).toBeUndefined();
    expect(queue.size).toBe(QUEUE_CAPACITY);
  });
});
