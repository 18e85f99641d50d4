import { describe, expect, test } from 'vitest';
import type { BreakerSettings } from '../../../src/api/breaker.ts';
import { CircuitBreaker } from '../../../src/runtime/pipeline/circuit-breaker.ts';

const SETTINGS: BreakerSettings = { failureThreshold: 5, openSeconds: 60, successThreshold: 2 };
const START_MS = Date.UTC(2026, 0, 31, 12);

const at = (seconds: number) => ({
  monotonicMs: seconds * 1000,
  wallMs: START_MS + seconds * 1000,
});

function call(
  breaker: CircuitBreaker,
  verdict: 'failure' | 'success' | 'ignored',
  seconds = 0,
  settings = SETTINGS,
): boolean {
  const ticket = breaker.admit(settings, seconds * 1000);
  if (ticket === undefined) return false;
  breaker.ended(ticket, verdict, settings, at(seconds));
  return true;
}

/** Open since the second 0. */
function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < SETTINGS.failureThreshold; n++) call(breaker, 'failure');
  return breaker;
}

describe('closed', () => {
  test('it opens at the fifth failure in a row', () => {
    const breaker = new CircuitBreaker();
    for (let n = 0; n < 4; n++) call(breaker, 'failure');
    call(breaker, 'success');
    for (let n = 0; n < 4; n++) call(breaker, 'failure');
    call(breaker, 'ignored');
    expect(breaker.state).toBe('Closed');
    call(breaker, 'failure');
    expect(breaker.status(SETTINGS)).toEqual({
      state: 'Open',
      failures: 5,
      openedAt: '2026-01-31T12:00:00Z',
      nextProbeAt: '2026-01-31T12:01:00Z',
    });
  });
});

describe('open', () => {
  test('it lets nothing through until its time is up', () => {
    const breaker = opened();
    expect(call(breaker, 'success', 59.999)).toBe(false);
    expect(breaker.retryAfterMs(SETTINGS, 59_000)).toBe(1_000);
    expect(call(breaker, 'success', 60)).toBe(true);
    expect(breaker.state).toBe('HalfOpen');
  });

  test('what began before it opened says nothing', () => {
    const breaker = new CircuitBreaker();
    const early = breaker.admit(SETTINGS, 0) ?? expect.fail('not admitted');
    for (let n = 0; n < 5; n++) call(breaker, 'failure');
    breaker.ended(early, 'success', SETTINGS, at(1));
    expect(breaker.state).toBe('Open');
    call(breaker, 'success', 60);
    call(breaker, 'success', 60);
    breaker.ended(early, 'failure', SETTINGS, at(61));
    expect(breaker.status(SETTINGS)).toEqual({ state: 'Closed', failures: 0 });
  });

  test('another wait is in effect at once, and nothing is forgotten', () => {
    const breaker = opened();
    const shorter = { ...SETTINGS, openSeconds: 10 };
    expect(breaker.retryAfterMs(shorter, 4_000)).toBe(6_000);
    expect(breaker.status(shorter)).toMatchObject({
      failures: 5,
      nextProbeAt: '2026-01-31T12:00:10Z',
    });
    expect(call(breaker, 'success', 10, shorter)).toBe(true);
  });

  test('a reset closes it', () => {
    const breaker = opened();
    breaker.reset();
    expect(breaker.status(SETTINGS)).toEqual({ state: 'Closed', failures: 0 });
    expect(call(breaker, 'success', 1)).toBe(true);
  });

  test('its wait can be cut short, for a probe', () => {
    const breaker = opened();
    breaker.probeNow();
    expect(breaker.state).toBe('Open');
    expect(call(breaker, 'failure', 1)).toBe(true);
    expect(breaker.retryAfterMs(SETTINGS, 1_000)).toBe(60_000);
  });
});

describe('half open', () => {
  test('it lets one probe through at a time, and closes after two', () => {
    const breaker = opened();
    const probe = breaker.admit(SETTINGS, 60_000) ?? expect.fail('not admitted');
    expect(breaker.admit(SETTINGS, 60_000)).toBeUndefined();
    expect(breaker.retryAfterMs(SETTINGS, 60_000)).toBe(1_000);
    breaker.ended(probe, 'success', SETTINGS, at(60));
    expect(breaker.state).toBe('HalfOpen');
    call(breaker, 'success', 60);
    expect(breaker.state).toBe('Closed');
  });

  test('a probe that fails opens it again, for the whole time', () => {
    const breaker = opened();
    call(breaker, 'success', 60);
    call(breaker, 'failure', 61);
    expect(breaker.state).toBe('Open');
    expect(breaker.failures).toBe(6);
    expect(breaker.retryAfterMs(SETTINGS, 61_000)).toBe(60_000);
    call(breaker, 'success', 121);
    expect(breaker.state).toBe('HalfOpen');
  });

  test('a probe that says nothing gives way to the next', () => {
    const breaker = opened();
    call(breaker, 'ignored', 60);
    expect(breaker.state).toBe('HalfOpen');
    expect(call(breaker, 'success', 60)).toBe(true);
  });

  test('a probe that hangs is forgotten after a minute, whatever becomes of it', () => {
    const breaker = opened();
    const hung = breaker.admit(SETTINGS, 60_000) ?? expect.fail('not admitted');
    expect(breaker.admit(SETTINGS, 119_999)).toBeUndefined();
    const next = breaker.admit(SETTINGS, 120_000) ?? expect.fail('stuck');
    breaker.ended(hung, 'failure', SETTINGS, at(120));
    expect(breaker.state).toBe('HalfOpen');
    expect(breaker.admit(SETTINGS, 120_000)).toBeUndefined();
    breaker.ended(next, 'success', SETTINGS, at(121));
    expect(call(breaker, 'success', 121)).toBe(true);
    expect(breaker.state).toBe('Closed');
  });
});

describe('resumed', () => {
  const told = opened().status(SETTINGS);

  test.each([
    ['half of the wait later', 30, 30],
    ['after the wait', 90, 0],
    ['by a clock ten seconds ahead', 40, 20],
    ['by a clock an hour behind', -3_600, 60],
    ['a day later', 86_400, 0],
  ])('%s', (_, wallSeconds, waitSeconds) => {
    const breaker = new CircuitBreaker();
    const now = { monotonicMs: 7_000, wallMs: START_MS + wallSeconds * 1000 };
    breaker.resume(told, now);
    expect(breaker.state).toBe('Open');
    expect(breaker.failures).toBe(5);
    expect(breaker.retryAfterMs(SETTINGS, now.monotonicMs)).toBe(waitSeconds * 1000);
  });

  test('it tells what it was told', () => {
    const breaker = new CircuitBreaker();
    breaker.resume(told, at(3));
    expect(breaker.status(SETTINGS)).toEqual(told);
  });

  test('half open it stays so, without a probe', () => {
    const before = opened();
    before.admit(SETTINGS, 60_000);
    const breaker = new CircuitBreaker();
    breaker.resume(before.status(SETTINGS), at(61));
    expect(breaker.status(SETTINGS)).toEqual(before.status(SETTINGS));
    expect(call(breaker, 'success', 61)).toBe(true);
  });

  test('closed it still counts', () => {
    const breaker = new CircuitBreaker();
    breaker.resume({ state: 'Closed', failures: 4 }, at(0));
    call(breaker, 'failure');
    expect(breaker.state).toBe('Open');
  });

  test.each([undefined, 'yesterday'])('opened at %s: it waits the whole time', (openedAt) => {
    const breaker = new CircuitBreaker();
    breaker.resume({ state: 'Open', failures: 5, ...(openedAt && { openedAt }) }, at(0));
    expect(breaker.retryAfterMs(SETTINGS, 0)).toBe(60_000);
  });
});
