import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRIORITIES, type Priority } from '../../src/kube/client.ts';
import { RequestLimiter } from '../../src/kube/request-limiter.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import type { Clock } from '../../src/lib/clock.ts';

interface Call {
  readonly atMs: number;
  readonly priority: Priority;
  /** When the caller gives up; never where undefined. */
  readonly abortAtMs: number | undefined;
}

const PER_SECOND = 10;
const BURST = 3;
/** A token every so many ms. */
const TOKEN_MS = 1000 / PER_SECOND;

const calls = fc.array(
  fc.record({
    // Never on a multiple of TOKEN_MS, where two things would happen at once.
    atMs: fc.nat({ max: 300 }).map((step) => step * 7 + 1),
    priority: fc.constantFrom(...PRIORITIES),
    abortAtMs: fc.option(
      fc.nat({ max: 300 }).map((step) => step * 7 + 2),
      { nil: undefined, freq: 3 },
    ),
  }),
  { maxLength: 40 },
);

/** What comes of each call: when it is admitted, or that it never is. */
type Outcome = number | 'aborted';

/** By brute force: every millisecond, who of those that wait is next? */
function oracle(given: readonly Call[]): Outcome[] {
  const outcomes: Outcome[] = given.map((call) =>
    call.abortAtMs !== undefined && call.abortAtMs <= call.atMs ? 'aborted' : Number.NaN,
  );
  const open = (index: number): boolean => Number.isNaN(outcomes[index]);
  // In thousandths of a token, so that it comes out even.
  let tokens = BURST * 1000;
  for (let nowMs = 0; nowMs < 20_000; nowMs++) {
    tokens = Math.min(BURST * 1000, tokens + (nowMs === 0 ? 0 : PER_SECOND));
    const waiting = (priority: Priority): number[] =>
      given.flatMap((call, index) =>
        call.priority === priority && call.atMs <= nowMs && open(index) ? [index] : [],
      );
    const inOrder = (priority: Priority): number[] =>
      waiting(priority).toSorted((a, b) => (given[a]?.atMs ?? 0) - (given[b]?.atMs ?? 0) || a - b);
    for (const index of waiting('election')) outcomes[index] = nowMs;
    for (const index of [...inOrder('transition'), ...inOrder('routine')]) {
      if (given[index]?.abortAtMs === nowMs) outcomes[index] = 'aborted';
      else if (tokens >= 1000) {
        tokens -= 1000;
        outcomes[index] = nowMs;
      }
    }
  }
  return outcomes;
}

async function outcomeOf(admitted: Promise<void>, clock: Clock): Promise<Outcome> {
  try {
    await admitted;
    return Math.round(clock.monotonicMs());
  } catch {
    return 'aborted';
  }
}

async function run(given: readonly Call[]): Promise<{ outcomes: Outcome[]; timersLeft: number }> {
  const clock = new AdjustableClock();
  const limiter = new RequestLimiter({ perSecond: PER_SECOND, burst: BURST }, clock);
  const outcomes: Outcome[] = [];
  given.forEach(({ atMs, priority, abortAtMs }, index) => {
    const controller = new AbortController();
    if (abortAtMs !== undefined) clock.setTimer(abortAtMs, () => controller.abort(new Error()));
    clock.setTimer(atMs, () => {
      void outcomeOf(limiter.acquire(priority, controller.signal), clock).then((outcome) => {
        outcomes[index] = outcome;
        return undefined;
      });
    });
  });
  await clock.advanceAsync(20_000);
  return { outcomes, timersLeft: clock.pendingTimers };
}

describe('RequestLimiter', () => {
  it('admits at the very time and in the very order that the rate and the priorities give', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (given) => {
        const { outcomes, timersLeft } = await run(given);
        expect(outcomes).toEqual(oracle(given));
        expect(timersLeft).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('never lets an election wait, nor pay', async () => {
    const clock = new AdjustableClock();
    const limiter = new RequestLimiter({ perSecond: 1, burst: 1 }, clock);
    for (let call = 0; call < 100; call++) await limiter.acquire('election');
    await limiter.acquire('routine');
    const waiting = limiter.acquire('transition');
    await limiter.acquire('election');
    expect(limiter.waiting).toBe(1);
    await clock.advanceAsync(TOKEN_MS * PER_SECOND);
    await waiting;
    expect(limiter.waiting).toBe(0);
  });
});
