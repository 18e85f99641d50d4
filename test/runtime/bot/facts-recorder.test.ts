import { beforeEach, expect, test } from 'vitest';
import { NOTHING_DONE, type RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { FactsRecorder } from '../../../src/runtime/bot/facts-recorder.ts';

const INITIAL: RuntimeFacts = {
  lifecycle: 'Starting',
  generation: 1,
  token: { state: 'Valid', message: '' },
  ...NOTHING_DONE,
};

let clock: AdjustableClock;
let published: RuntimeFacts[];
let recorder: FactsRecorder;
beforeEach(() => {
  clock = new AdjustableClock();
  published = [];
  recorder = new FactsRecorder(clock, INITIAL, (facts) => published.push(facts));
});

test('counters are told together, a moment later', () => {
  for (let n = 0; n < 1_000; n++) {
    recorder.count('updates');
    recorder.count('replies', 2);
  }
  expect(published).toEqual([]);
  clock.advance(300);
  expect(published).toHaveLength(1);
  expect(published[0]?.counters).toMatchObject({ updates: 1_000, replies: 2_000, errors: 0 });
  clock.advance(10_000);
  expect(published).toHaveLength(1);
});

test('a transition is told at once, with the counters that waited', () => {
  recorder.count('errors');
  recorder.transition({ lifecycle: 'Running' });
  expect(published).toMatchObject([{ lifecycle: 'Running', counters: { errors: 1 } }]);
  expect(clock.pendingTimers).toBe(0);
});

test('a conflict keeps its first time until it is over', () => {
  recorder.conflict('another', '2026-01-31T12:00:00Z');
  recorder.conflict('another', '2026-01-31T12:05:00Z');
  expect(recorder.facts.conflict?.since).toBe('2026-01-31T12:00:00Z');
  recorder.noConflict();
  expect(published.at(-1)).not.toHaveProperty('conflict');
  recorder.noConflict();
  expect(published).toHaveLength(3);
});
