import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { type RetryCategory, retrySchema } from '../../../../src/api/retry.ts';
import {
  decideRetry,
  type FailedCall,
  type RetryDecision,
} from '../../../../src/runtime/pipeline/retries/decide.ts';
import { CallError, classifyRefusal } from '../../../../src/runtime/telegram/call-error.ts';

const HALF = (): number => 0.5;

function decide(
  call: Partial<FailedCall> & { readonly category: RetryCategory },
  settings: z.input<typeof retrySchema> = {},
): RetryDecision {
  const failure = new CallError('network', 'words', { mayHaveHappened: false });
  const usual = { failure, isReading: false, retries: 0, leftMs: 60_000 };
  return decideRetry({ ...usual, ...call }, retrySchema.parse(settings), HALF);
}

const uncertain = new CallError('timeout', 'words', { mayHaveHappened: true });
const asked = (retry_after: unknown) =>
  classifyRefusal({ error_code: 429, parameters: { retry_after } });

describe('a call that failed', () => {
  test.each<[string, RetryDecision, ...Parameters<typeof decide>]>([
    ['waits a random part', { afterMs: 250 }, { category: 'network' }],
    ['waits longer each time', { afterMs: 500 }, { category: 'server', retries: 1 }],
    ['is given up', { giveUp: 'exhausted' }, { category: 'unknown', retries: 2 }],
    [
      'goes by the policy of its category',
      { afterMs: 4_000 },
      { category: 'server', retries: 3 },
      { server: { strategy: 'Linear', maxRetries: 4, initialDelay: '1s', jitter: false } },
    ],
    [
      'is not tried again where that is off',
      { giveUp: 'exhausted' },
      { category: 'network' },
      { network: { maxRetries: 0 } },
    ],
    [
      'is not repeated where it may have happened',
      { giveUp: 'uncertain' },
      { category: 'network', failure: uncertain },
    ],
    [
      'is repeated where it only reads',
      { afterMs: 250 },
      { category: 'network', failure: uncertain, isReading: true },
    ],
    [
      'is repeated where the policy of its category says so',
      { afterMs: 250 },
      { category: 'network', failure: uncertain },
      { network: { retryUncertain: true } },
    ],
    [
      'is not repeated where that of another does',
      { giveUp: 'uncertain' },
      { category: 'network', failure: uncertain },
      { server: { retryUncertain: true } },
    ],
    [
      'never outlives its deadline',
      { giveUp: 'pastDeadline' },
      { category: 'network', leftMs: 249 },
    ],
    [
      'waits as long as Telegram asks and a little more',
      { afterMs: 5_500 },
      { category: 'rateLimit', failure: asked(5) },
    ],
    [
      'waits exactly as long without jitter',
      { afterMs: 5_000 },
      { category: 'rateLimit', failure: asked(5) },
      { rateLimit: { jitter: false } },
    ],
    [
      'waits for the longest pause that it may',
      { afterMs: 30_500 },
      { category: 'rateLimit', failure: asked(30) },
    ],
    [
      'does not wait for a longer one',
      { giveUp: 'pauseTooLong' },
      { category: 'rateLimit', failure: asked(31) },
    ],
    [
      'does not wait for ages',
      { giveUp: 'pauseTooLong' },
      { category: 'rateLimit', failure: asked(1e9) },
    ],
    ['takes 0 for a pause', { afterMs: 500 }, { category: 'rateLimit', failure: asked(0) }],
    ['takes -1 for a second', { afterMs: 1_500 }, { category: 'rateLimit', failure: asked(-1) }],
    ['takes "x" for a second', { afterMs: 1_500 }, { category: 'rateLimit', failure: asked('x') }],
    [
      'takes nothing for a second',
      { afterMs: 1_500 },
      { category: 'rateLimit', failure: asked(undefined) },
    ],
    [
      'is given up after three 429s',
      { giveUp: 'exhausted' },
      { category: 'rateLimit', failure: asked(1), retries: 3 },
    ],
  ])('%s', (_, expected, ...of) => {
    expect(decide(...of)).toEqual(expected);
  });
});
