import { expect, test } from 'vitest';
import { SnapshotRound } from '../../../src/runtime/records/snapshot-round.ts';

const names = Array.from({ length: 3_000 }, (_, index) => `bot-${index}`);

test('each has one turn an interval, and they are spread over it', () => {
  const round = new SnapshotRound(300_000, 12_345);
  const turns = new Map<string, number>();
  const together: number[] = [];
  for (let nowMs = 12_345; nowMs < 12_345 + 300_000; ) {
    nowMs += round.stepMs;
    const due = names.filter(round.step(nowMs));
    together.push(due.length);
    for (const name of due) turns.set(name, (turns.get(name) ?? 0) + 1);
  }
  expect([...turns.values()].every((count) => count === 1)).toBe(true);
  expect(turns.size).toBe(names.length);
  expect(Math.max(...together)).toBeLessThan(90);
  expect(Math.min(...together)).toBeGreaterThan(15);
});

test('steps that come late leave nobody out, and give nobody two turns', () => {
  const round = new SnapshotRound(60_000, 0);
  const due = [7_000, 7_001, 49_000, 60_000].flatMap((nowMs) => names.filter(round.step(nowMs)));
  expect(due.toSorted()).toEqual(names.toSorted());
  const late = names.filter(round.step(600_000));
  expect(late).toEqual(names);
});

test('another interval holds from the next step on', () => {
  const round = new SnapshotRound(3_600_000, 0);
  round.step(1_000);
  round.setInterval(60_000);
  expect(round.stepMs).toBe(1_000);
  expect(names.filter(round.step(61_000))).toEqual(names);
});
