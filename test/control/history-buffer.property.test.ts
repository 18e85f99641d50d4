import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HistoryRecord, RecordKind } from '../../src/api/history-records.ts';
import { HistoryBuffer } from '../../src/control/history-buffer.ts';
import { errors, snapshot, transition, usage, verification } from './history-records.ts';

const CAPACITY = 8;
const LIMIT = 5;

interface Kept {
  readonly order: number;
  readonly key: string;
  readonly record: HistoryRecord;
}

/** The same by brute force: one list, sorted anew for each question. */
class Model {
  kept: Kept[] = [];
  inHand: Kept[] = [];
  readonly dropped: Partial<Record<RecordKind, number>> = {};
  #order = 0;

  put(record: HistoryRecord): void {
    const key = keyOf(record);
    this.kept = this.kept.filter((kept) => kept.key !== key);
    this.kept.push({ order: this.#order++, key, record });
    this.#bound();
  }

  take(): readonly HistoryRecord[] {
    if (this.inHand.length === 0) {
      this.inHand = this.kept.toSorted((a, b) => turnOf(a) - turnOf(b)).slice(0, LIMIT);
      this.kept = this.kept.filter((kept) => !this.inHand.includes(kept));
    }
    return this.inHand.map(({ record }) => record);
  }

  giveBack(): void {
    const newer = new Set(this.kept.map(({ key }) => key));
    this.kept.push(...this.inHand.filter(({ key }) => !newer.has(key)));
    this.inHand = [];
    this.#bound();
  }

  #bound(): void {
    const byWorth = this.kept.toSorted((a, b) => worthOf(b) - worthOf(a));
    for (const { record } of byWorth.slice(CAPACITY)) {
      this.dropped[record.kind] = (this.dropped[record.kind] ?? 0) + 1;
    }
    this.kept = byWorth.slice(0, CAPACITY);
  }
}

const FAR = 1e6;

function keyOf(record: HistoryRecord): string {
  if (record.kind === 'usage') return record.method;
  return record.kind === 'error' ? record.fingerprint : String(record.seq);
}

/** The lower, the sooner it is taken. */
function turnOf({ order, record: { kind } }: Kept): number {
  if (kind === 'transition') return order - 2 * FAR;
  return kind === 'verification' ? order - FAR : -order + FAR;
}

/** The lower, the sooner it gives way. */
function worthOf({ order, record: { kind } }: Kept): number {
  const worth = { snapshot: 0, usage: 1, error: 1, verification: 2, transition: 3 }[kind];
  return worth * FAR + order;
}

const put = fc.oneof(
  fc.constantFrom(snapshot, transition, verification),
  fc.tuple(fc.constantFrom(usage, errors), fc.constantFrom('a', 'b', 'c')),
);
const step = fc.oneof(
  { weight: 6, arbitrary: put },
  fc.constantFrom('take', 'release', 'giveBack'),
);

test('what is taken, kept and dropped is what a list that is sorted anew says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const buffer = new HistoryBuffer(CAPACITY);
      const model = new Model();
      for (const [index, what] of steps.entries()) {
        if (what === 'take') expect(buffer.take(LIMIT)).toEqual(model.take());
        else if (what === 'release') {
          buffer.release();
          model.inHand = [];
        } else if (what === 'giveBack') {
          buffer.giveBack();
          model.giveBack();
        } else {
          const record = Array.isArray(what)
            ? what[0](what[1].repeat(what[0] === usage ? 1 : 2), index + 1)
            : what(index);
          buffer.put(record);
          model.put(record);
        }
        expect(buffer.waiting).toBe(model.kept.length);
        expect(buffer.dropped).toEqual(model.dropped);
      }
      for (buffer.release(), model.inHand = []; model.kept.length > 0; model.inHand = []) {
        expect(buffer.take(LIMIT)).toEqual(model.take());
        buffer.release();
      }
      expect(buffer.take(LIMIT)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
