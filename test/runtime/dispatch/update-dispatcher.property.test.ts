import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAUSES_MS, type Step, simulate, type Trace } from './simulation.ts';

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(60)),
    chat: fc.nat(4),
    durationMs: fc.integer({ min: 1, max: 80 }),
    failures: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4)),
    retryable: fc.boolean(),
    throwsAtOnce: fc.boolean(),
  }),
  { maxLength: 30 },
);
const limit = fc.integer({ min: 1, max: 4 });
const FOREVER_MS = 1_000_000;

test('every update ends exactly once, after as many tries as it needs and may have', async () => {
  await fc.assert(
    fc.asyncProperty(steps, limit, async (steps, maxConcurrent) => {
      const traces = await runToEnd(steps, maxConcurrent);
      for (const { step, tries, outcomes } of traces) {
        const allowed = step.retryable ? 3 : 1;
        const handled = step.failures < allowed;
        expect(tries).toHaveLength(handled ? step.failures + 1 : allowed);
        expect(outcomes).toMatchObject([
          handled ? { kind: 'handled' } : { kind: 'skipped', attempts: allowed },
        ]);
      }
    }),
  );
});

test('the updates of one chat follow one another in the order of their submission', async () => {
  await fc.assert(
    fc.asyncProperty(steps, limit, async (steps, maxConcurrent) => {
      const traces = await runToEnd(steps, maxConcurrent);
      for (const lane of lanesOf(traces)) {
        for (const [index, trace] of lane.entries()) {
          const before = lane[index - 1];
          if (before) expect(firstTry(trace).order).toBeGreaterThan(lastTry(before).order);
          if (before) expect(firstTry(trace).beginMs).toBeGreaterThanOrEqual(lastTry(before).endMs);
        }
      }
    }),
  );
});

test('never are more in hand than allowed, and never fewer while one could begin', async () => {
  await fc.assert(
    fc.asyncProperty(steps, limit, async (steps, maxConcurrent) => {
      const traces = await runToEnd(steps, maxConcurrent);
      const instants = traces.flatMap(({ tries }) =>
        tries.flatMap(({ beginMs, endMs }) => [beginMs, endMs]),
      );
      for (const instant of instants) {
        expect(inHandAt(instant, traces)).toBeLessThanOrEqual(maxConcurrent);
      }
      for (const { readyMs, beginMs } of waitsOf(traces)) {
        for (const instant of [readyMs, ...instants]) {
          if (instant < readyMs || instant >= beginMs) continue;
          expect(inHandAt(instant, traces)).toBe(maxConcurrent);
        }
      }
    }),
  );
});

test('a chat whose turn it is waits for at most one update of each other chat', async () => {
  await fc.assert(
    fc.asyncProperty(steps, limit, async (steps, maxConcurrent) => {
      const traces = await runToEnd(steps, maxConcurrent);
      for (const { lane, readyMs, order } of waitsOf(traces)) {
        for (const other of lanesOf(traces)) {
          if (other === lane) continue;
          const overtook = other
            .flatMap(({ tries }) => tries)
            .filter((one) => one.beginMs > readyMs && one.order < order);
          expect(overtook.length).toBeLessThanOrEqual(1);
        }
      }
    }),
  );
});

test('what a drain leaves done has no gap, and nothing begins behind it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, limit, fc.nat(500), async (steps, maxConcurrent, drainAtMs) => {
      const { clock, dispatcher, traces } = simulate(steps, maxConcurrent);
      await clock.advanceAsync(drainAtMs);
      const lastBegun = traces.findLastIndex(({ tries }) => tries.length > 0);
      const drained = dispatcher.drain(new AbortController().signal);
      await clock.advanceAsync(FOREVER_MS);
      await drained;
      expect(dispatcher.open).toBe(0);
      expect(clock.pendingTimers).toBe(0);
      for (const [index, { tries, outcomes }] of traces.entries()) {
        expect(outcomes).toHaveLength(index <= lastBegun ? 1 : 0);
        if (index > lastBegun) expect(tries).toHaveLength(0);
      }
    }),
  );
});

async function runToEnd(steps: readonly Step[], maxConcurrent: number): Promise<Lane> {
  const { clock, dispatcher, traces } = simulate(steps, maxConcurrent);
  await clock.advanceAsync(FOREVER_MS);
  expect(dispatcher.open).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  expect(traces).toHaveLength(steps.length);
  return traces;
}

type Lane = readonly Trace[];

function lanesOf(traces: Lane): Lane[] {
  const lanes = Map.groupBy(traces, (trace) => trace.step.chat || trace);
  return [...lanes.values()];
}

/** From when on each try could have begun, worked out from the trace alone. */
function waitsOf(traces: Lane) {
  return lanesOf(traces).flatMap((lane) =>
    lane.flatMap((trace, index) =>
      trace.tries.map((one, number) => {
        const before = lane[index - 1];
        const failed = trace.tries[number - 1];
        const readyMs = failed
          ? failed.endMs + (PAUSES_MS[number - 1] ?? 0)
          : Math.max(trace.submittedMs, before ? lastTry(before).endMs : 0);
        return { lane, readyMs, beginMs: one.beginMs, order: one.order };
      }),
    ),
  );
}

function inHandAt(instantMs: number, traces: Lane): number {
  return traces
    .flatMap(({ tries }) => tries)
    .filter(({ beginMs, endMs }) => beginMs <= instantMs && instantMs < endMs).length;
}

function firstTry(trace: Trace) {
  return trace.tries[0] ?? expect.fail('never begun');
}

function lastTry(trace: Trace) {
  return trace.tries.at(-1) ?? expect.fail('never begun');
}
