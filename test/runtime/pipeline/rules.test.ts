import { expect, test } from 'vitest';
import { FAULT_RULES } from '../../../src/runtime/pipeline/rules.ts';
import { CALL_FAULTS, type CallFault } from '../../../src/runtime/telegram/call-error.ts';

const none = undefined;

// DESIGN §8, row by row; the shard's breaker beside that of the bot.
test.each([
  // fault            breaker    upstream   retry        health          token in doubt
  ['network', 'failure', 'failure', 'network', 'failure', false],
  ['timeout', 'failure', 'failure', 'network', 'failure', false],
  ['server', 'failure', 'failure', 'server', 'failure', false],
  ['rate-limited', 'ignored', 'success', 'rateLimit', 'rate-limited', false],
  ['unauthorized', 'failure', 'ignored', none, 'failure', true],
  ['conflict', 'ignored', 'success', none, 'ignored', false],
  ['rejected', 'success', 'success', none, 'rejected', false],
  ['unknown', 'failure', 'ignored', 'unknown', 'failure', false],
  ['breaker-open', 'ignored', 'ignored', none, 'ignored', false],
  ['held-back', 'ignored', 'ignored', none, 'ignored', false],
  ['aborted', 'ignored', 'ignored', none, 'ignored', false],
] as const)('%s', (fault, breaker, upstream, retry, health, suspectToken) => {
  expect(FAULT_RULES[fault]).toEqual({ breaker, upstream, retry, health, suspectToken });
  tested.add(fault);
});

const tested = new Set<CallFault>();

test('no kind of failure is left out', () => {
  expect([...tested].toSorted()).toEqual(CALL_FAULTS.toSorted());
});
