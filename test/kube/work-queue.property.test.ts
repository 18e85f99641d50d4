import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryLimiter } from '../../src/kube/rate-limiter.ts';
import { type WorkItem, type WorkPriority, WorkQueue } from '../../src/kube/work-queue.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { nextMacrotask } from '../../src/lib/clock.ts';
import { seededRandom } from '../../src/lib/random.ts';

interface Wish {
  readonly key: string;
  priority: WorkPriority;
  dueMs: number;
  /** When it began to stand in line. */
  place: number | undefined;
}

/** The queue's promises in the plainest form: one list, searched from end to end. */
class Oracle {
  readonly wishes: Wish[] = [];
  readonly running = new Set<string>();
  readonly handedOut: WorkItem[] = [];
  takers = 0;
  nowMs = 0;
  #place = 0;

  add(key: string, priority: WorkPriority, afterMs: number): void {
    const dueMs = this.nowMs + afterMs;
    const wish = this.wishes.find((other) => other.key === key);
    if (wish === undefined) {
      this.wishes.push({ key, priority, dueMs, place: undefined });
    } else {
      if (priority === 'transition' && wish.priority === 'routine') {
        wish.priority = priority;
        if (wish.place !== undefined) wish.place = this.#place++;
      }
      wish.dueMs = Math.min(wish.dueMs, dueMs);
    }
    this.settle();
  }

  done(key: string): void {
    this.running.delete(key);
    this.settle();
  }

  take(): void {
    this.takers++;
    this.settle();
  }

  advance(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs++;
      this.settle();
    }
  }

  settle(): void {
    for (const wish of this.wishes) {
      if (wish.dueMs > this.nowMs || this.running.has(wish.key)) continue;
      wish.place ??= this.#place++;
    }
    while (this.takers > 0) {
      const inLine = this.wishes.filter((wish) => wish.place !== undefined);
      inLine.sort((a, b) => (a.place ?? 0) - (b.place ?? 0));
      const next = inLine.find(({ priority }) => priority === 'transition') ?? inLine[0];
      if (next === undefined) return;
      this.wishes.splice(this.wishes.indexOf(next), 1);
      this.running.add(next.key);
      this.handedOut.push({ key: next.key, priority: next.priority });
      this.takers--;
    }
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const priority = fc.constantFrom<WorkPriority>('transition', 'routine');
interface Operation {
  readonly kind: 'add' | 'take' | 'done' | 'advance';
  readonly key: string;
  readonly priority: WorkPriority;
  readonly ms: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('add', 'add', 'take', 'done', 'advance'),
  key,
  priority,
  ms: fc.constantFrom(0, 0, 1, 5, 20),
});

/** The queue and the oracle, side by side. */
class Pair {
  readonly clock = new AdjustableClock();
  readonly queue = new WorkQueue({
    clock: this.clock,
    limiter: new RetryLimiter({ clock: this.clock, random: seededRandom(1) }),
  });
  readonly oracle = new Oracle();
  readonly handedOut: WorkItem[] = [];
  readonly running = new Set<string>();

  async apply({ kind, key, priority, ms }: Operation): Promise<void> {
    switch (kind) {
      case 'add':
        this.queue.add(key, { priority, afterMs: ms });
        this.oracle.add(key, priority, ms);
        break;
      case 'take':
        void this.queue.get().then((item) => this.#onItem(item));
        this.oracle.take();
        break;
      case 'done':
        this.running.delete(key);
        this.queue.done(key);
        this.oracle.done(key);
        break;
      case 'advance':
        this.clock.advance(ms);
        this.oracle.advance(ms);
    }
    await nextMacrotask();
    expect(this.handedOut).toEqual(this.oracle.handedOut);
    expect(this.queue.size).toBe(this.oracle.wishes.length);
  }

  #onItem(item: WorkItem | undefined): void {
    if (item === undefined) throw new Error('nobody has shut this queue down');
    expect(this.running, 'a key at work twice at once').not.toContain(item.key);
    this.running.add(item.key);
    this.handedOut.push(item);
  }
}

describe('WorkQueue', () => {
  it('hands out what a brute-force oracle hands out, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const pair = new Pair();
        for (const step of operations) await pair.apply(step);
        await drain(pair);
      }),
      { numRuns: 500 },
    );
  });

  it('loses no key: each is worked on after it was last added', async () => {
    const adds = fc.array(fc.record({ key, priority, ms: fc.nat(30), gap: fc.nat(10) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(adds, fc.integer({ min: 1, max: 3 }), async (adds, workers) => {
        const clock = new AdjustableClock();
        const limiter = new RetryLimiter({ clock, random: seededRandom(1) });
        const queue = new WorkQueue({ clock, limiter });
        const startedMs = new Map<string, number>();
        const work = async (): Promise<void> => {
          for (let item = await queue.get(); item; item = await queue.get()) {
            startedMs.set(item.key, clock.monotonicMs());
            await new Promise<void>((resolve) => void clock.setTimer(7, resolve));
            queue.done(item.key);
          }
        };
        const working = Array.from({ length: workers }, work);
        const addedMs = new Map<string, number>();
        for (const { key, priority, ms, gap } of adds) {
          queue.add(key, { priority, afterMs: ms });
          addedMs.set(key, clock.monotonicMs());
          await clock.advanceAsync(gap);
        }
        await clock.advanceAsync(1000);
        queue.shutDown();
        await Promise.all(working);
        for (const [key, ms] of addedMs) expect(startedMs.get(key)).toBeGreaterThanOrEqual(ms);
        expect([queue.size, clock.pendingTimers]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});

/** Works until nothing waits, so that a key that was lost on the way would be missing. */
async function drain(pair: Pair): Promise<void> {
  const idle: Omit<Operation, 'kind'> = { key: 'a', priority: 'routine', ms: 0 };
  await pair.apply({ ...idle, kind: 'advance', ms: 100 });
  for (let round = 0; round < 3; round++) {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await pair.apply({ ...idle, kind: 'done', key });
      await pair.apply({ ...idle, kind: 'take' });
    }
  }
  expect(pair.queue.size).toBe(0);
}
