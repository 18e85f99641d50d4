import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Watermark } from '../../../src/runtime/intake/watermark.ts';

/** What may happen next; each number picks among what is possible then. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('arrive' as const), pick: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('send' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('answer' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('lose' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('finish' as const), pick: fc.nat() }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const LIMIT = 5;

/** Telegram as far as it matters: a queue, and a poll that confirms when it comes in. */
class Oracle {
  readonly watermark = new Watermark();
  readonly handled: number[] = [];
  readonly open: number[] = [];
  readonly finished = new Set<number>();
  arrived: number[] = [];
  #queue: number[] = [];
  #poll: number | undefined;
  #nextId = 100;

  take({ kind, pick }: Step): void {
    switch (kind) {
      case 'arrive':
        this.#nextId += pick;
        this.#queue.push(this.#nextId);
        this.arrived.push(this.#nextId);
        return;
      case 'send':
        if (this.#poll === undefined) this.#send();
        return;
      case 'answer':
        if (this.#poll !== undefined) this.#answer(this.#poll);
        return;
      case 'lose':
        this.#poll = undefined;
        return;
      case 'finish':
        if (this.open.length > 0) this.#finish(pick % this.open.length);
        return;
      default:
        kind satisfies never;
    }
  }

  /** Lets everything come to its end. */
  settle(): void {
    while (this.#queue.length > 0) {
      this.#poll = undefined;
      this.#send();
      this.#answer(this.#poll ?? 0);
      while (this.open.length > 0) this.#finish(0);
    }
  }

  #send(): void {
    const offset = this.watermark.beginPoll();
    this.#poll = offset;
    for (const id of this.#queue) {
      // The one thing that must never be: confirming what is not finished.
      if (id < offset) expect(this.finished).toContain(id);
    }
    this.#queue = this.#queue.filter((id) => id >= offset);
  }

  #answer(offset: number): void {
    this.#poll = undefined;
    const updates = this.#queue.filter((id) => id >= offset).slice(0, LIMIT);
    const fresh = updates.filter((id) => this.watermark.accept(id));
    this.handled.push(...fresh);
    this.open.push(...fresh);
  }

  #finish(index: number): void {
    const [id = 0] = this.open.splice(index, 1);
    this.finished.add(id);
    this.watermark.finish(id);
  }
}

test('every update is handled once, and confirmed only when it is finished', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const oracle = new Oracle();
      for (const next of steps) {
        oracle.take(next);
        expect(oracle.watermark.open).toBe(oracle.open.length);
      }
      oracle.settle();
      expect(oracle.handled).toEqual(oracle.arrived);
    }),
    { numRuns: 1_000 },
  );
});

test('ids that go on below the last one are followed', () => {
  const watermark = new Watermark();
  watermark.accept(1_000);
  watermark.finish(1_000);
  expect(watermark.beginPoll()).toBe(1_001);
  expect(watermark.accept(5)).toBe(true);
  expect(watermark.beginPoll()).toBe(5);
  watermark.finish(5);
  expect(watermark.beginPoll()).toBe(6);
  // The old number, reached again a long time later, is a new update.
  expect(watermark.accept(1_000)).toBe(true);
});
