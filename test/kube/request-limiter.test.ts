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

const steps = fc.nat({ max: 100 });

const calls: fc.Arbitrary<Call[]> = fc
  .array(
    fc.record({
      step: steps,
      priority: fc.constantFrom(...PRIORITIES),
      patience: fc.option(steps, { nil: undefined }),
    }),
    // Many in a short time, so that they queue.
    { minLength: 10, maxLength: 40, size: 'max' },
  )
  .map((given) =>
    given.map(({ step, priority, patience }, index) => {
      // A fraction of their own keeps calls and tokens from coming at the very same time.
      const atMs = step * 7 + index / 100;
      return { atMs, priority, abortAtMs: patience && atMs + patience * 29 + 0.005 };
    }),
  );

/** What comes of each call: when it is admitted, or that it never is. */
type Outcome = number | 'aborted';

/** By brute force, from one thing that happens to the next. */
function oracle(given: readonly Call[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const open = given.map((call, index) => ({ ...call, index }));
  let tokens = BURST;
  let nowMs = 0;
  while (open.length > 0) {
    const waiting = PRIORITIES.flatMap((priority) =>
      open
        .filter((call) => call.priority === priority && call.atMs <= nowMs)
        .toSorted((a, b) => a.atMs - b.atMs),
    );
    const gone = waiting.find(({ abortAtMs }) => abortAtMs !== undefined && abortAtMs <= nowMs);
    const next = waiting.find(({ priority }) => priority === 'election' || tokens > 1 - 1e-9);
    const done = gone ?? next;
    if (done) {
      outcomes[done.index] = gone ? 'aborted' : nowMs;
      if (!gone && done.priority !== 'election') tokens -= 1;
      open.splice(open.indexOf(done), 1);
      continue;
    }
    const times = open.flatMap(({ atMs, abortAtMs = Infinity }) => [atMs, abortAtMs]);
    const tokenAtMs = waiting.length > 0 ? nowMs + (1 - tokens) * TOKEN_MS : Infinity;
    const nextMs = Math.min(tokenAtMs, ...times.filter((timeMs) => timeMs > nowMs));
    tokens = Math.min(BURST, tokens + (nextMs - nowMs) / TOKEN_MS);
    nowMs = nextMs;
  }
  return outcomes;
}

async function outcomeOf(admitted: Promise<void>, clock: Clock): Promise<Outcome> {
  try {
    await admitted;
    return clock.monotonicMs();
  } catch {
    return 'aborted';
  }
}

async function run(given: readonly Call[]): Promise<Outcome[]> {
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
  await clock.advanceAsync(6000);
  return outcomes;
}

describe('RequestLimiter', () => {
  it('admits at the very time and in the very order that the rate and the priorities give', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (given) => {
        const outcomes = await run(given);
        oracle(given).forEach((outcome, index) => {
          if (outcome === 'aborted') expect(outcomes[index]).toBe(outcome);
          else expect(outcomes[index]).toBeCloseTo(outcome, 3);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('lets nobody past those that wait, though their token is there already', async () => {
    const clock = new AdjustableClock();
    // A busy event loop: time goes on, timers do not fire.
    const late: Clock = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: () => ({ cancel: () => undefined }),
    };
    const limiter = new RequestLimiter({ perSecond: 1, burst: 1 }, late);
    await limiter.acquire('routine');
    void limiter.acquire('routine');
    clock.advance(1000);
    void limiter.acquire('routine');
    expect(limiter.waiting).toBe(2);
  });

  it('leaves no timer behind when the last one that waits gives up', async () => {
    const clock = new AdjustableClock();
    const limiter = new RequestLimiter({ perSecond: 1, burst: 1 }, clock);
    await limiter.acquire('routine');
    const leave = new AbortController();
    const waiting = limiter.acquire('routine', leave.signal);
    expect(clock.pendingTimers).toBe(1);
    leave.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    expect(clock.pendingTimers).toBe(0);
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
