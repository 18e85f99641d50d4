import { beforeEach, describe, expect, test } from 'vitest';
import type { RecentMark } from '../../../src/runtime/pipeline/recent-bots.ts';
import type { Verdict } from '../../../src/runtime/pipeline/rules.ts';
import { UpstreamBreaker } from '../../../src/runtime/pipeline/upstream-breaker.ts';

let breaker: UpstreamBreaker;
let bots: RecentMark[];
let told: string[];
beforeEach(() => {
  told = [];
  breaker = new UpstreamBreaker((state) => told.push(state));
  bots = Array.from({ length: 20 }, () => ({ recentSlot: undefined, recentlyFailed: false }));
});

const at = (seconds: number) => ({ monotonicMs: seconds * 1000, wallMs: seconds * 1000 });

/** A try of the bots from `first` up to `end`, each; how many were let through. */
function tries(first: number, end: number, verdict: Verdict, seconds = 0): number {
  let admitted = 0;
  for (const bot of bots.slice(first, end)) {
    const ticket = breaker.admit(seconds * 1000);
    if (ticket === undefined) continue;
    admitted++;
    breaker.ended(ticket, verdict, bot, at(seconds));
  }
  return admitted;
}

describe('closed', () => {
  test('it opens when half of those heard of failed last', () => {
    tries(0, 20, 'success');
    tries(0, 9, 'failure', 5);
    expect(breaker.state).toBe('Closed');
    tries(9, 10, 'failure', 5);
    expect(breaker.state).toBe('Open');
  });

  test('who has not been heard of for a minute does not count', () => {
    tries(5, 20, 'success');
    tries(0, 5, 'failure', 59);
    expect(breaker.state).toBe('Closed');
    tries(0, 5, 'failure', 61);
    expect(breaker.state).toBe('Open');
  });

  test('a bot counts once, however often it fails', () => {
    tries(0, 20, 'success');
    for (let n = 0; n < 100; n++) tries(0, 1, 'failure');
    expect(breaker.state).toBe('Closed');
  });

  test('fewer than five bots have breakers of their own and no other', () => {
    for (let n = 0; n < 100; n++) tries(0, 4, 'failure');
    expect(breaker.state).toBe('Closed');
  });

  test('what says nothing of Telegram does not count', () => {
    tries(0, 20, 'ignored');
    expect(breaker.state).toBe('Closed');
  });
});

describe('open', () => {
  beforeEach(() => void tries(0, 20, 'failure'));

  test('it lets one probe through every ten seconds, for all bots', () => {
    expect(tries(0, 20, 'failure', 9.9)).toBe(0);
    expect(tries(0, 20, 'failure', 10)).toBe(1);
    expect(tries(0, 20, 'failure', 19.9)).toBe(0);
    expect(tries(0, 20, 'failure', 20)).toBe(1);
  });

  test('one probe that is answered closes it, and what was before is forgotten', () => {
    expect(tries(0, 1, 'success', 10)).toBe(1);
    expect(told).toEqual(['Open', 'HalfOpen', 'Closed']);
    expect(tries(1, 5, 'failure', 10)).toBe(4);
    expect(breaker.state).toBe('Closed');
  });

  test('its wait can be cut short', () => {
    breaker.probeNow();
    expect(breaker.retryAfterMs(1_000)).toBe(0);
    expect(tries(0, 20, 'failure', 1)).toBe(1);
  });
});

test('what began before it opened does not open it again when it is closed', () => {
  const late = bots.map(() => breaker.admit(0) ?? expect.fail('not admitted'));
  tries(0, 20, 'failure');
  tries(0, 1, 'success', 10);
  bots.forEach((bot, index) => breaker.ended(late[index] ?? -1, 'failure', bot, at(30)));
  expect(breaker.state).toBe('Closed');
});
