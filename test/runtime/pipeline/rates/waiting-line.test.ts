import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { SlidingWindow } from '../../../../src/runtime/pipeline/rates/sliding-window.ts';
import {
  type LineRules,
  PRIORITIES,
  type Priority,
  type Turn,
  WaitingLine,
} from '../../../../src/runtime/pipeline/rates/waiting-line.ts';
import type { CallError } from '../../../../src/runtime/telegram/call-error.ts';

/** Lanes by name, each with a limit of one in 5 s. */
class TestLane {
  waiting = 0;
  readonly window = new SlidingWindow(1, 5_000);
}

interface TestTurn extends Turn {
  readonly name: string;
  readonly lane?: TestLane | undefined;
}

/** Two a second, and whoever took a turn. */
class TestRules implements LineRules<TestTurn> {
  readonly window = new SlidingWindow(2, 1_000);
  taken: { readonly name: string; readonly atMs: number }[] = [];
  full = false;

  isFull(): boolean {
    return this.full;
  }

  openMs(nowMs: number, ahead: number): number {
    return this.window.earliestMs(nowMs, ahead);
  }

  laneMs({ lane }: TestTurn, nowMs: number, ahead: number): number {
    return lane?.window.earliestMs(nowMs, ahead) ?? nowMs;
  }

  take({ name, lane }: TestTurn, nowMs: number): void {
    this.window.add(nowMs);
    lane?.window.add(nowMs);
    this.taken.push({ name, atMs: nowMs });
  }

  reason(): string {
    return 'the test says so';
  }

  get names(): string[] {
    return this.taken.map(({ name }) => name);
  }
}

let clock: AdjustableClock;
let rules: TestRules;
let line: WaitingLine<TestTurn>;
const signal = new AbortController().signal;
beforeEach(() => {
  clock = new AdjustableClock();
  rules = new TestRules();
  line = new WaitingLine({ clock, rules, capacity: 3 });
});

const turn = (name: string, change: Partial<TestTurn> = {}): TestTurn => ({
  name,
  priority: 'reply',
  deadlineMs: Number.POSITIVE_INFINITY,
  ...change,
});

/** What a turn that was refused was told. */
async function refusal(waiting: Promise<void> | undefined): Promise<CallError> {
  return (await waiting?.then(
    () => undefined,
    (error: unknown) => error,
  )) as CallError;
}

describe('who comes while nobody waits', () => {
  test('goes at once, without a promise and without a timer', () => {
    expect(line.enter(turn('a'), signal)).toBeUndefined();
    expect(line.enter(turn('b'), signal)).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  test('waits where the limit says so, with one timer', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) void line.enter(turn(name), signal);
    expect(clock.pendingTimers).toBe(1);
    await clock.advanceAsync(5_000);
    expect(rules.taken).toEqual([
      { name: 'a', atMs: 0 },
      { name: 'b', atMs: 0 },
      { name: 'c', atMs: 1_000 },
      { name: 'd', atMs: 1_000 },
      { name: 'e', atMs: 2_000 },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });
});

test('replies go before polls, polls before background, each as they came', async () => {
  rules.full = true;
  for (const name of ['1', '2']) {
    for (const priority of PRIORITIES.toReversed()) {
      void line.enter(turn(`${priority}${name}`, { priority }), signal);
    }
  }
  rules.full = false;
  line.wake();
  await clock.advanceAsync(5_000);
  expect(rules.names).toEqual(['reply1', 'reply2', 'poll1', 'poll2', 'background1', 'background2']);
});

test('who is held up by its lane lets others pass', async () => {
  const lane = new TestLane();
  for (const name of ['a', 'b']) void line.enter(turn(name, { lane }), signal);
  expect(line.enter(turn('c'), signal)).toBeUndefined();
  await clock.advanceAsync(10_000);
  expect(rules.taken.at(-1)).toEqual({ name: 'b', atMs: 5_000 });
});

test('who comes when the wait is over does not overtake, however late the timer is', () => {
  const late = new AdjustableClock();
  const slow = { ...line, wallMs: () => 0, monotonicMs: () => late.monotonicMs() };
  line = new WaitingLine({
    clock: { ...slow, setTimer: () => ({ cancel: () => undefined }) },
    rules,
    capacity: 3,
  });
  for (const name of ['a', 'b', 'c', 'd']) void line.enter(turn(name), signal);
  late.advance(1_500);
  void line.enter(turn('e'), signal);
  expect(rules.names).toEqual(['a', 'b', 'c', 'd']);
});

test('nobody starves: each eighth turn goes to who has waited longest', async () => {
  for (const name of ['a', 'b']) void line.enter(turn(name), signal);
  const bulk = ['bulk1', 'bulk2', 'bulk3'];
  for (const name of bulk) void line.enter(turn(name, { priority: 'background' }), signal);
  for (let second = 0; second < 30; second++) {
    for (const name of ['x', 'y', 'z']) void line.enter(turn(name), signal)?.catch(() => undefined);
    await clock.advanceAsync(1_000);
  }
  const waited = rules.names.slice(2);
  expect(bulk.map((name) => waited.indexOf(name))).toEqual([7, 15, 23]);
});

describe('a deadline', () => {
  test('that cannot be met fails the call at once, in words', async () => {
    for (const name of ['a', 'b', 'c', 'd']) void line.enter(turn(name), signal);
    const error = await refusal(line.enter(turn('e', { deadlineMs: 1_999 }), signal));
    expect(error).toMatchObject({
      fault: 'held-back',
      retryAfterMs: 2_000,
      mayHaveHappened: false,
    });
    expect(error.message).toBe(
      'The call was not made: its turn would come in 2 s, and it may wait for 2 s, because the test says so.',
    );
    expect(line.enter(turn('f', { deadlineMs: 2_000 }), signal)).toBeInstanceOf(Promise);
  });

  test('that passes because others came first fails the call then', async () => {
    for (const name of ['a', 'b']) void line.enter(turn(name), signal);
    const bulk = line.enter(turn('bulk', { priority: 'background', deadlineMs: 1_500 }), signal);
    for (const name of ['c', 'd']) void line.enter(turn(name), signal);
    const refused = refusal(bulk);
    await clock.advanceAsync(1_499);
    expect(rules.names).toEqual(['a', 'b', 'c', 'd']);
    await clock.advanceAsync(1);
    expect((await refused).message).toContain('its turn did not come in time');
    expect(clock.pendingTimers).toBe(0);
  });

  test('holds while the line is full', async () => {
    rules.full = true;
    const refused = refusal(line.enter(turn('a', { deadlineMs: 500 }), signal));
    await clock.advanceAsync(500);
    expect(await refused).toMatchObject({ fault: 'held-back' });
  });

  test('is looked at again when all must wait longer', async () => {
    for (const name of ['a', 'b']) void line.enter(turn(name), signal);
    const refused = refusal(line.enter(turn('c', { deadlineMs: 1_500 }), signal));
    rules.openMs = (nowMs) => nowMs + 60_000;
    line.review();
    expect(await refused).toMatchObject({ fault: 'held-back', retryAfterMs: 60_000 });
    expect(line.isEmpty).toBe(true);
  });
});

test('the line is no longer than it may be, for each priority', async () => {
  rules.full = true;
  for (const name of ['a', 'b', 'c']) void line.enter(turn(name), signal);
  expect((await refusal(line.enter(turn('d'), signal))).message).toContain('3 others wait already');
  expect(line.enter(turn('poll', { priority: 'poll' }), signal)).toBeInstanceOf(Promise);
});

test('who is broken off leaves nothing behind', async () => {
  const lane = new TestLane();
  for (const name of ['a', 'b']) void line.enter(turn(name), signal);
  const stop = new AbortController();
  const refused = refusal(line.enter(turn('c', { lane }), stop.signal));
  stop.abort();
  expect(await refused).toMatchObject({ fault: 'aborted', mayHaveHappened: false });
  expect([clock.pendingTimers, line.isEmpty, lane.waiting]).toEqual([0, true, 0]);
  expect(await refusal(line.enter(turn('d'), stop.signal))).toMatchObject({ fault: 'aborted' });
});

test('who has had a turn no longer listens', async () => {
  const stop = new AbortController();
  for (const name of ['a', 'b', 'c']) void line.enter(turn(name), stop.signal);
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
  await clock.advanceAsync(1_000);
  expect(rules.names).toEqual(['a', 'b', 'c']);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

/** One call of the simulation. */
interface Arrival {
  readonly afterMs: number;
  readonly priority: Priority;
  readonly lane: number | undefined;
  readonly patienceMs: number;
}

const arrivals = fc.array(
  fc.record<Arrival>({
    afterMs: fc.nat({ max: 700 }),
    priority: fc.constantFrom(...PRIORITIES),
    lane: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
    patienceMs: fc.integer({ min: 0, max: 15_000 }),
  }),
  { maxLength: 40 },
);

test('whatever comes: limits hold, deadlines hold, and nobody is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (script) => {
      const clock = new AdjustableClock();
      const rules = new TestRules();
      const line = new WaitingLine<TestTurn>({ clock, rules, capacity: 100 });
      const lanes = [new TestLane(), new TestLane()];
      const ends: { name: string; atMs: number; error?: CallError }[] = [];
      const begun = new Map<string, { deadlineMs: number; arrival: Arrival }>();
      for (const [index, arrival] of script.entries()) {
        await clock.advanceAsync(arrival.afterMs);
        const { priority, patienceMs } = arrival;
        const deadlineMs = clock.monotonicMs() + patienceMs;
        const name = String(index);
        begun.set(name, { deadlineMs, arrival });
        const lane = arrival.lane === undefined ? undefined : lanes[arrival.lane];
        const end = (error?: CallError): void => {
          ends.push({ name, atMs: clock.monotonicMs(), ...(error && { error }) });
        };
        const waiting = line.enter({ name, priority, deadlineMs, lane }, signal);
        if (waiting) void waiting.then(() => end(), end);
        else end();
      }
      await clock.advanceAsync(20_000);
      expect(ends).toHaveLength(script.length);
      expect([line.isEmpty, clock.pendingTimers]).toEqual([true, 0]);
      for (const { name, atMs, error } of ends) {
        expect(atMs).toBeLessThanOrEqual(begun.get(name)?.deadlineMs ?? 0);
        if (error) expect(error.fault).toBe('held-back');
      }
      expect(ends.filter(({ error }) => !error).map(({ name }) => name)).toHaveLength(
        rules.taken.length,
      );
      const times = rules.taken.map(({ atMs }) => atMs);
      expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(2);
      for (const lane of [0, 1]) {
        const ofLane = rules.taken.filter(({ name }) => begun.get(name)?.arrival.lane === lane);
        expect(
          mostWithin(
            ofLane.map(({ atMs }) => atMs),
            5_000,
          ),
        ).toBeLessThanOrEqual(1);
      }
      for (const priority of PRIORITIES) {
        for (const lane of [undefined, 0, 1]) {
          const alike = rules.names.filter((name) => {
            const arrival = begun.get(name)?.arrival;
            return arrival?.priority === priority && arrival.lane === lane;
          });
          expect(alike).toEqual(alike.toSorted((a, b) => Number(a) - Number(b)));
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** The most in any stretch of so long. */
function mostWithin(times: readonly number[], windowMs: number): number {
  const counts = times.map((from) => times.filter((at) => at >= from && at < from + windowMs));
  return Math.max(0, ...counts.map(({ length }) => length));
}
