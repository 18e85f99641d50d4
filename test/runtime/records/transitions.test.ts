import { expect, test } from 'vitest';
import { NOTHING_DONE, type RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import { snapshotOf } from '../../../src/runtime/records/snapshot.ts';
import { changesBetween } from '../../../src/runtime/records/transitions.ts';

const RUNNING: RuntimeFacts = {
  lifecycle: 'Running',
  generation: 1,
  token: { state: 'Valid', message: '' },
  ...NOTHING_DONE,
};
const health = { ...NOTHING_DONE.health, lastError: 'chat 4711 of "Ann" is gone' };

test('each state that is another is one change, with why', () => {
  const worse: RuntimeFacts = {
    ...RUNNING,
    health: { ...health, state: 'Unhealthy' },
    breaker: { state: 'Open', failures: 5 },
    counters: { ...RUNNING.counters, updates: 7 },
  };
  const cause = 'chat <n> of <text> is gone';
  expect(changesBetween(RUNNING, worse)).toEqual([
    { of: 'health', from: 'Healthy', to: 'Unhealthy', cause },
    { of: 'breaker', from: 'Closed', to: 'Open', cause },
  ]);
  expect(changesBetween(worse, { ...worse, health })).toEqual([
    { of: 'health', from: 'Unhealthy', to: 'Healthy' },
  ]);
  expect(changesBetween(worse, worse)).toEqual([]);
});

test('a token that is refused says why the bot waits', () => {
  const token = { state: 'Revoked', message: 'Telegram does not know the token.' } as const;
  expect(changesBetween(RUNNING, { ...RUNNING, lifecycle: 'Suspended', token })).toEqual([
    { of: 'lifecycle', from: 'Running', to: 'Suspended', cause: token.message },
    { of: 'token', from: 'Valid', to: 'Revoked', cause: token.message },
  ]);
});

test('a crash says why, going on does not', () => {
  const lastError = { time: 'now', fingerprint: 'f', message: 'handler 3 failed' };
  const crashed: RuntimeFacts = { ...RUNNING, lifecycle: 'Crashed', lastError };
  expect(changesBetween(RUNNING, crashed)).toMatchObject([{ cause: 'handler <n> failed' }]);
  expect(changesBetween(crashed, { ...crashed, lifecycle: 'Starting' })).toEqual([
    { of: 'lifecycle', from: 'Crashed', to: 'Starting' },
  ]);
});

test('the first word of a bot says all of its states', () => {
  expect(changesBetween(undefined, RUNNING)).toEqual([
    { of: 'lifecycle', to: 'Running' },
    { of: 'token', to: 'Valid' },
    { of: 'health', to: 'Healthy' },
    { of: 'breaker', to: 'Closed' },
  ]);
});

test('what is not known of a token yet is not told', () => {
  const unchecked: RuntimeFacts = { ...RUNNING, token: { state: 'UnknownError', message: '' } };
  expect(changesBetween(undefined, unchecked).map(({ of }) => of)).not.toContain('token');
  expect(changesBetween(unchecked, RUNNING)).toEqual([{ of: 'token', to: 'Valid' }]);
  const token = { state: 'UnknownError', message: '', lastChecked: 'now' } as const;
  expect(changesBetween(RUNNING, { ...RUNNING, token })).toMatchObject([{ to: 'UnknownError' }]);
});

test('figures that are none are told as figures', () => {
  const { health: _, ...rest } = RUNNING;
  const told = snapshotOf({
    ...rest,
    restarts: Number.POSITIVE_INFINITY,
    health: { ...health, errorRate: 101.5, avgResponseMs: Number.NaN, consecutiveFailures: -1 },
    counters: { ...NOTHING_DONE.counters, updates: 1e300, errors: 2.4 },
  });
  expect(told).toMatchObject({
    errorPercent: 100,
    avgResponseMs: 0,
    consecutiveFailures: 0,
    restarts: 2_147_483_647,
    updates: Number.MAX_SAFE_INTEGER,
    errors: 2,
  });
});
