import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HealthStatus } from '../../../src/api/health.ts';
import { BotHealth } from '../../../src/runtime/pipeline/bot-health.ts';
import { CallError } from '../../../src/runtime/telegram/call-error.ts';

const FAILURE = new CallError('network', 'words', { mayHaveHappened: false });

/** A call that ends so long after the one before. */
const call = fc.record({
  afterMs: fc.oneof(
    { weight: 3, arbitrary: fc.nat(2_000) },
    { weight: 2, arbitrary: fc.nat(60_000) },
    { weight: 1, arbitrary: fc.nat(700_000) },
  ),
  fails: fc.boolean(),
});
/** From bots that fail now and then to those that hardly ever succeed. */
const calls = fc.array(call, { minLength: 1, maxLength: 200 });

/** What of the calls so far matters to a bot's health, kept in the plainest way. */
interface Past {
  nowMs: number;
  failedMs: number;
  failuresInARow: number;
  /** When it recovered though too many had failed. */
  pardonedMs: number;
}

const NEVER_MS = Number.NEGATIVE_INFINITY;

function expectState({ state, errorRate }: HealthStatus, past: Past): void {
  const { nowMs, failedMs, failuresInARow } = past;
  if (failuresInARow >= 5) expect(state).toBe('Unhealthy');
  else if (errorRate < 15) expect(state).toBe('Healthy');
  if (failuresInARow === 0 && nowMs - failedMs >= 30_000) expect(state).not.toBe('Unhealthy');
  if (errorRate > 20) expect(state).not.toBe('Healthy');
}

function expectReason({ errorRate }: HealthStatus, past: Past): void {
  const { nowMs, failuresInARow, pardonedMs } = past;
  expect(failuresInARow).toBeGreaterThan(0);
  if (nowMs - pardonedMs < 300_000) expect(failuresInARow).toBe(5);
  if (failuresInARow < 5) expect(errorRate).toBeGreaterThanOrEqual(50);
}

test('an unhealthy bot recovers soon, becomes so for a reason, and does not flap', () => {
  fc.assert(
    fc.property(calls, (ended) => {
      const health = new BotHealth();
      const past: Past = { nowMs: 0, failedMs: NEVER_MS, failuresInARow: 0, pardonedMs: NEVER_MS };
      for (const { afterMs, fails } of ended) {
        const was = health.state;
        past.nowMs += afterMs;
        const { nowMs } = past;
        if (fails) past.failedMs = nowMs;
        past.failuresInARow = fails ? past.failuresInARow + 1 : 0;
        health.ended(fails ? FAILURE : undefined, 1, { monotonicMs: nowMs, wallMs: nowMs });
        const status = health.status(nowMs);
        expectState(status, past);
        if (was === status.state) continue;
        if (status.state === 'Unhealthy') expectReason(status, past);
        if (was === 'Unhealthy' && status.errorRate > 40) past.pardonedMs = nowMs;
      }
    }),
    { numRuns: 2_000 },
  );
});
