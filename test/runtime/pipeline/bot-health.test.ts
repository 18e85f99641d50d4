import { describe, expect, test } from 'vitest';
import { BotHealth } from '../../../src/runtime/pipeline/bot-health.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';

const START_MS = Date.UTC(2026, 0, 31, 12);
const at = (seconds: number) => ({
  monotonicMs: seconds * 1000,
  wallMs: START_MS + seconds * 1000,
});
const failed = (fault: CallFault = 'network') =>
  new CallError(fault, 'words', { mayHaveHappened: false });

/** Calls in turn: a letter each, `f` for one that fails. */
function after(calls: string, seconds = 0, health = new BotHealth()): BotHealth {
  for (const call of calls) health.ended(call === 'f' ? failed() : undefined, 100, at(seconds));
  return health;
}

const OK_10 = 'o'.repeat(10);

describe('the state', () => {
  test.each([
    ['Healthy', ''],
    ['Healthy', 'f'],
    ['Healthy', 'fo'],
    ['Healthy', 'oooooooof'],
    ['Healthy', `${OK_10}ff`],
    ['Degraded', 'ff'],
    ['Degraded', `${OK_10}ffof`],
    ['Degraded', `${OK_10}ffff`],
    ['Unhealthy', 'ffofffof'],
    ['Unhealthy', `${OK_10.repeat(10)}fffff`],
  ])('is %s after %s', (state, calls) => {
    expect(after(calls).state).toBe(state);
  });

  test('does not flap on the edge', () => {
    const health = after(`${'o'.repeat(8)}ff`);
    expect(health.state).toBe('Degraded');
    after('o', 0, health);
    expect(health.status(0)).toMatchObject({ state: 'Degraded', errorRate: 18 });
    after('ooo', 0, health);
    expect(health.status(0)).toMatchObject({ state: 'Healthy', errorRate: 14 });
    after('f', 0, health);
    expect(health.state).toBe('Degraded');
  });

  test('an unhealthy bot has to do better than one that becomes so', () => {
    const health = after('fffff');
    after('ooooooo', 0, health);
    expect(health.status(0)).toMatchObject({ state: 'Unhealthy', errorRate: 42 });
    after('o', 0, health);
    expect(health.status(0)).toMatchObject({ state: 'Degraded', errorRate: 38 });
  });

  test.each([
    ['none was answered', [[60, '']], 'Unhealthy'],
    ['one was answered too soon', [[29, 'o']], 'Unhealthy'],
    ['one was answered after a while', [[30, 'o']], 'Degraded'],
    [
      'one more failed since',
      [
        [29, 'f'],
        [30, 'o'],
      ],
      'Unhealthy',
    ],
    [
      'a few more failed after that',
      [
        [30, 'o'],
        [31, 'ffff'],
      ],
      'Degraded',
    ],
    [
      'five in a row failed after that',
      [
        [30, 'o'],
        [31, 'fffff'],
        [32, 'o'],
      ],
      'Unhealthy',
    ],
    [
      'so many fail minutes later that there are too many without those of before',
      [
        [30, 'o'],
        [330, 'offffofo'],
      ],
      'Unhealthy',
    ],
    [
      'nothing but the past speaks against it once that counts again',
      [
        [30, 'o'],
        [290, 'ffff'],
        [331, 'o'],
      ],
      'Degraded',
    ],
  ] as const)('of one whose calls failed, when %s', (_, calls, state) => {
    const health = after('ffffff');
    for (const [seconds, ended] of calls) after(ended, seconds, health);
    expect(health.state).toBe(state);
  });

  test('does not recover by being told to slow down', () => {
    const health = after('ffofffof');
    health.ended(failed('rate-limited'), 1, at(60));
    expect(health.state).toBe('Unhealthy');
  });

  test('recovers with the polls of an idle bot, in steps', () => {
    const health = after('ffffffffff');
    const states = [];
    for (let seconds = 50; seconds <= 600; seconds += 50) {
      after('o', seconds, health);
      states.push(health.state);
    }
    expect(states.at(0)).toBe('Degraded');
    expect(states.at(-1)).toBe('Healthy');
    expect(states.lastIndexOf('Degraded')).toBeLessThan(states.indexOf('Healthy'));
  });

  test('forgets what is older than ten minutes at once', () => {
    const health = after('ffffffffff');
    after('o', 601, health);
    expect(health.status(601_000)).toMatchObject({ state: 'Healthy', errorRate: 0 });
  });
});

describe('the numbers', () => {
  test('the rate slides', () => {
    const health = after('ooooofffff');
    expect(health.status(0).errorRate).toBe(50);
    after('oooooooooo', 300, health);
    expect(health.status(300_000).errorRate).toBe(25);
    expect(health.status(450_000).errorRate).toBe(17);
  });

  test('the response time is a moving average, and polls have none', () => {
    const health = new BotHealth();
    health.ended(undefined, 100, at(0));
    health.ended(undefined, 200, at(0));
    health.ended(undefined, undefined, at(0));
    health.ended(failed(), 30_000, at(0));
    expect(health.status(0).avgResponseMs).toBe(130);
  });

  test.each<[CallFault, object]>([
    ['rejected', { errorRate: 0, consecutiveFailures: 0, rateLimited: 0 }],
    ['rate-limited', { errorRate: 0, consecutiveFailures: 1, rateLimited: 1 }],
    ['conflict', { errorRate: 0, consecutiveFailures: 1, rateLimited: 0 }],
    ['breaker-open', { errorRate: 0, consecutiveFailures: 1, rateLimited: 0 }],
    ['unauthorized', { errorRate: 10, consecutiveFailures: 2, rateLimited: 0 }],
  ])('%s after a failure', (fault, expected) => {
    const health = after('f');
    const before = health.status(0).errorRate;
    health.ended(failed(fault), 1, at(0));
    const { errorRate, ...rest } = health.status(0);
    expect({ ...rest, errorRate: errorRate - before }).toMatchObject(expected);
  });

  test('what a status shows', () => {
    const health = after('o');
    after('f', 5, health);
    expect(health.status(5_000)).toEqual({
      state: 'Healthy',
      errorRate: 10,
      avgResponseMs: 100,
      consecutiveFailures: 1,
      rateLimited: 0,
      lastSuccess: '2026-01-31T12:00:00Z',
      lastFailure: '2026-01-31T12:00:05Z',
      lastError: 'words',
    });
  });
});

describe('resumed', () => {
  test('it tells what it was told, and fades', () => {
    const told = after('oooooooofffo', 30).status(30_000);
    expect(told).toMatchObject({ state: 'Degraded', errorRate: 25 });
    const health = new BotHealth();
    health.resume(told, 1_000);
    expect(health.status(1_000)).toEqual(told);
    after('o', 301, health);
    expect(health.status(301_000)).toMatchObject({ state: 'Healthy', errorRate: 0 });
  });

  test('it goes on counting failures in a row', () => {
    const health = new BotHealth();
    health.resume(after(`${OK_10}${OK_10}ffff`).status(0), 0);
    after('f', 0, health);
    expect(health.state).toBe('Unhealthy');
  });

  test('who was suspended begins well', () => {
    const health = new BotHealth();
    health.resume({ ...after('').status(0), state: 'Suspended' }, 0);
    expect(health.state).toBe('Healthy');
  });
});
