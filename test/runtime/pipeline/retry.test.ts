import { Api } from 'grammy';
import { beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { retrySchema } from '../../../src/api/retry.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { BotGuards, ShardGuards } from '../../../src/runtime/pipeline/guards.ts';
import { createPipeline } from '../../../src/runtime/pipeline/pipeline.ts';
import { TransportError } from '../../../src/runtime/transport/transport-error.ts';
import { botAssignment } from '../../support/assignments.ts';

const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
const UNSENT = new TransportError('network', { sent: false });
const LATE = new TransportError('timeout', { sent: true });
const asked = (retry_after: unknown): object => ({
  ok: false,
  error_code: 429,
  description: `Too Many Requests: retry after ${String(retry_after)}`,
  parameters: { retry_after },
});

let clock: AdjustableClock;
let shard: ShardGuards;
let bot: BotGuards;
/** When each try was made. */
let tries: number[];
beforeEach(() => begin(new AdjustableClock({ startWallMs: 1_800_000_000_000 })));

function begin(of: AdjustableClock, asSeen: Clock = of): void {
  clock = of;
  shard = new ShardGuards(asSeen);
  tries = [];
}

/** A bot whose calls end one after the other as `outcomes` say, and then well. */
function botWith(
  outcomes: readonly (object | Error)[],
  { retry = {}, seen = clock }: { retry?: z.input<typeof retrySchema>; seen?: Clock } = {},
): Api {
  const left = [...outcomes];
  const assignment = botAssignment({ name: 'a', token: '1:a', handlers });
  const spec = { ...assignment.spec, retry: retrySchema.parse(retry) };
  const api = new Api('1:a');
  bot = new BotGuards({ spec }, seen);
  api.config.use(
    createPipeline(
      {
        clock: seen,
        random: seededRandom(1),
        bot,
        shard,
        onStateChange: () => undefined,
        onPause: () => undefined,
        onTried: () => undefined,
        async send() {
          tries.push(clock.monotonicMs());
          const outcome = left.shift() ?? { ok: true, result: true };
          if (outcome instanceof Error) throw outcome;
          return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(outcome)) };
        },
        onSent: () => undefined,
        onFailed: () => undefined,
      },
      {
        signal: new AbortController().signal,
        effects: { mayHaveHappened: false },
        priority: 'reply',
      },
    ),
  );
  return api;
}

/** Sends a message with all the time that it may want; what it rejected with, if it did. */
async function send(api: Api, chat = 1): Promise<unknown> {
  const call = api.sendMessage(chat, 'hello').then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advanceAsync(200_000);
  return call;
}

const outcomes = (): string[] =>
  shard.retryStatistics
    .snapshot()
    .retries.map(({ category, outcome, count }) => `${category} ${outcome} ${count}`);

describe('what becomes of a call is counted', () => {
  test('when a later try goes well', async () => {
    expect(await send(botWith([UNSENT, asked(1)]))).toBeUndefined();
    expect(outcomes()).toEqual([
      'network retried 1',
      'rateLimit recovered 1',
      'rateLimit retried 1',
    ]);
  });

  test('when all tries fail', async () => {
    expect(await send(botWith([UNSENT, UNSENT, UNSENT]))).toBeInstanceOf(Error);
    expect(outcomes()).toEqual(['network exhausted 1', 'network retried 2']);
  });

  test('never when it goes well at once, or is refused', async () => {
    await send(botWith([]));
    await send(botWith([{ ok: false, error_code: 400, description: 'Bad Request' }]));
    expect(outcomes()).toEqual([]);
  });
});

describe('a call that is not tried again says why', () => {
  test('when the pause is too long', async () => {
    const error = await send(botWith([asked(31)]));
    expect(error).toMatchObject({ fault: 'rate-limited', retryAfterMs: 31_000 });
    expect(String(error)).toContain(
      'longer than the bot waits (retry.rateLimit.maxRetryAfter is 30s): make it again after 2027-01-15T08:00:31Z',
    );
    expect(outcomes()).toEqual(['rateLimit pauseTooLong 1']);
  });

  test('when it would outlive its deadline', async () => {
    const error = await send(botWith([asked(25), asked(25), asked(25)]));
    expect(String(error)).toContain('after the 60 s that a call may take');
    expect(tries).toHaveLength(3);
    expect(tries.at(-1)).toBeLessThan(60_000);
  });

  test('when Telegram may have carried it out', async () => {
    const error = await send(botWith([LATE]));
    expect(String(error)).toContain('retryUncertain of retry.network would allow that');
    expect(tries).toHaveLength(1);
    expect(await send(botWith([LATE], { retry: { network: { retryUncertain: true } } }))).toBe(
      undefined,
    );
  });

  test('when the budget of the shard is spent', async () => {
    const api = botWith([UNSENT]);
    while (shard.retryBudget.withdraw(0)) continue;
    const error = await send(api);
    expect(String(error)).toContain('too many calls of this shard are retries already');
    expect(tries).toHaveLength(1);
    expect(outcomes()).toEqual(['network overBudget 1']);
  });
});

test('a try that would have to wait for its turn beyond the deadline of the call is not made', async () => {
  const policy = { rateLimit: { jitter: false, maxRetryAfter: '1m' } };
  const api = botWith([asked(20)], { retry: policy });
  const call = api.sendMessage(1, 'hello').then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advanceAsync(19_000);
  bot.rates.pauseAll('getMe', 45_000);
  await clock.advanceAsync(1_000);
  expect(await call).toMatchObject({ fault: 'held-back', retryAfterMs: 44_000 });
  expect(tries).toEqual([0]);
  expect(clock.pendingTimers).toBe(0);
});

describe('a wall clock that', () => {
  test.each([
    ['steps back an hour', -3_600_000],
    ['steps ten seconds ahead', 10_000],
  ])('%s changes no wait', async (_, stepMs) => {
    let wallMs = 1_800_000_000_000;
    const base = new AdjustableClock();
    const stepping: Clock = {
      wallMs: () => wallMs,
      monotonicMs: () => base.monotonicMs(),
      setTimer: (delayMs, callback) => base.setTimer(delayMs, callback),
    };
    begin(base, stepping);
    const api = botWith([asked(5)], { seen: stepping, retry: { rateLimit: { jitter: false } } });
    const call = api.sendMessage(1, 'hello');
    await clock.advanceAsync(100);
    wallMs += stepMs;
    await clock.advanceAsync(10_000);
    await call;
    expect(tries).toEqual([0, 5_000]);
  });
});

test('calls that wait for the end of a pause are not sent and refused one after the other', async () => {
  const api = botWith([asked(5)], { retry: { rateLimit: { jitter: false } } });
  const calls = Array.from({ length: 6 }, () => api.sendMessage(1, 'hello'));
  await clock.advanceAsync(4_999);
  // A chat gets three at once: those were under way.
  expect(tries).toEqual([0, 0, 0]);
  await clock.advanceAsync(10_000);
  await Promise.all(calls);
  expect(tries.slice(3).every((atMs) => atMs >= 5_000)).toBe(true);
  expect(tries).toHaveLength(7);
});
