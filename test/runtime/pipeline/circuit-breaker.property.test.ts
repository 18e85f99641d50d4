import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BreakerSettings } from '../../../src/api/breaker.ts';
import { CircuitBreaker, PROBE_LIMIT_MS } from '../../../src/runtime/pipeline/circuit-breaker.ts';
import type { Verdict } from '../../../src/runtime/pipeline/rules.ts';

/** A stretch in one state, with all that happened in it. */
interface Stretch {
  readonly state: 'Closed' | 'Open' | 'HalfOpen';
  beganMs: number;
  readonly calls: Call[];
}

interface Call {
  readonly stretch: Stretch;
  readonly beganMs: number;
  /** The breaker's own. */
  readonly ticket: number;
  verdict?: Verdict;
}

/** What a breaker is to do, worked out anew from the whole history whenever it is asked. */
class Model {
  readonly history: Stretch[] = [{ state: 'Closed', beganMs: 0, calls: [] }];

  get now(): Stretch {
    return this.history.at(-1) ?? expect.fail('no history');
  }

  admits(settings: BreakerSettings, nowMs: number): boolean {
    const { state, beganMs, calls } = this.now;
    if (state === 'Closed') return true;
    if (state === 'Open') return nowMs - beganMs >= settings.openSeconds * 1000;
    const probe = calls.at(-1);
    return !probe || probe.verdict !== undefined || nowMs - probe.beganMs >= PROBE_LIMIT_MS;
  }

  begin(ticket: number, nowMs: number): Call {
    if (this.now.state === 'Open') this.enter('HalfOpen', nowMs);
    const call: Call = { stretch: this.now, beganMs: nowMs, ticket };
    this.now.calls.push(call);
    return call;
  }

  end(call: Call, verdict: Verdict, settings: BreakerSettings, nowMs: number): void {
    if (call.stretch !== this.now) return;
    if (this.now.state === 'HalfOpen' && call !== this.now.calls.at(-1)) return;
    call.verdict = verdict;
    this.#ended.push(call);
    if (verdict === 'failure') {
      const tooMany = this.failures >= settings.failureThreshold;
      if (this.now.state === 'HalfOpen' || tooMany) this.enter('Open', nowMs);
    } else if (verdict === 'success' && this.now.state === 'HalfOpen') {
      const good = this.now.calls.filter((probe) => probe.verdict === 'success');
      if (good.length >= settings.successThreshold) this.enter('Closed', nowMs);
    }
  }

  /** In the order in which they ended, those that count. */
  readonly #ended: Call[] = [];

  /** All since the last success of a stretch that was closed, or since the last closing. */
  get failures(): number {
    const closed = this.history.findLastIndex(({ state }) => state === 'Closed');
    const recent = new Set(this.history.slice(closed));
    const ended = this.#ended.filter(({ stretch }) => recent.has(stretch));
    const last = ended.findLastIndex(
      ({ stretch, verdict }) => stretch.state === 'Closed' && verdict === 'success',
    );
    return ended.slice(last + 1).filter(({ verdict }) => verdict === 'failure').length;
  }

  enter(state: Stretch['state'], beganMs: number): void {
    this.history.push({ state, beganMs, calls: [] });
  }
}

const settings = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  openSeconds: fc.integer({ min: 1, max: 90 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'begin' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(),
      verdict: fc.constantFrom<Verdict>('failure', 'failure', 'success', 'success', 'ignored'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 100_000 })),
    }),
  },
  fc.record({ kind: fc.constant('settings' as const), settings }),
  fc.constantFrom({ kind: 'reset' } as const, { kind: 'probeNow' } as const),
);

test('a breaker does what its whole history asks for', () => {
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 60, size: 'max' }), (first, steps) => {
      const breaker = new CircuitBreaker();
      const model = new Model();
      const open: Call[] = [];
      let current = first;
      let nowMs = 0;
      for (const step of steps) {
        switch (step.kind) {
          case 'begin': {
            const ticket = breaker.admit(current, nowMs);
            expect(ticket !== undefined).toBe(model.admits(current, nowMs));
            if (ticket !== undefined) open.push(model.begin(ticket, nowMs));
            break;
          }
          case 'end': {
            const [call] = open.splice(step.which % Math.max(1, open.length), 1);
            if (!call) break;
            const now = { monotonicMs: nowMs, wallMs: nowMs };
            breaker.ended(call.ticket, step.verdict, current, now);
            model.end(call, step.verdict, current, nowMs);
            break;
          }
          case 'wait':
            nowMs += step.ms;
            break;
          case 'settings':
            current = step.settings;
            break;
          case 'reset':
            breaker.reset();
            model.enter('Closed', nowMs);
            break;
          case 'probeNow':
            breaker.probeNow();
            if (model.now.state === 'Open') model.now.beganMs = Number.NEGATIVE_INFINITY;
            break;
          default:
            step satisfies never;
        }
        expect(breaker.state).toBe(model.now.state);
        expect(breaker.failures).toBe(model.failures);
        expect(breaker.retryAfterMs(current, nowMs) === 0).toBe(model.admits(current, nowMs));
      }
    }),
    { numRuns: 2_000 },
  );
});
