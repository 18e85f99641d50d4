import { Api, InputFile } from 'grammy';
import { beforeEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { BotGuards, ShardGuards } from '../../../src/runtime/pipeline/guards.ts';
import { createPipeline } from '../../../src/runtime/pipeline/pipeline.ts';
import type { CallFault } from '../../../src/runtime/telegram/call-error.ts';
import { TransportError } from '../../../src/runtime/transport/transport-error.ts';
import { botAssignment } from '../../support/assignments.ts';

type Outcome = object | Error;

const BOT = botAssignment({
  name: 'a',
  token: '1:a',
  handlers: [{ command: { name: 'start', reply: { text: 'Hello' } } }],
});
const OK = { ok: true, result: true };
const refused = (error_code: number, retry_after?: number) => ({
  ok: false,
  error_code,
  description: 'words',
  parameters: { retry_after },
});
const UNSENT = new TransportError('network', { sent: false });
const RESET = new TransportError('network', { sent: true });
const LATE = new TransportError('timeout', { sent: true });

let clock: AdjustableClock;
let stop: AbortController;
let tries: string[];
let sentJson: string;
let sent: number;
let failed: CallFault[];
let effects: { mayHaveHappened: boolean };
beforeEach(() => {
  clock = new AdjustableClock();
  stop = new AbortController();
  tries = [];
  sent = 0;
  failed = [];
  effects = { mayHaveHappened: false };
});

/** An API whose calls end one after the other as `outcomes` say, and then well. */
function apiWith(outcomes: Outcome[]): Api {
  const api = new Api('1:a', { fetch: (() => Promise.reject(new Error('not past it'))) as never });
  api.config.use(
    createPipeline(
      {
        clock,
        random: seededRandom(1),
        bot: new BotGuards(BOT, clock),
        shard: new ShardGuards(clock),
        onStateChange: () => undefined,
        onPause: () => undefined,
        onTried: () => undefined,
        async send(method, json) {
          tries.push(method);
          sentJson = json;
          const outcome = outcomes.shift() ?? OK;
          if (outcome instanceof Error) throw outcome;
          return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(outcome)) };
        },
        onSent: () => sent++,
        onFailed: ({ fault }) => failed.push(fault),
      },
      { signal: stop.signal, effects, priority: 'reply' },
    ),
  );
  return api;
}

/** Sends a message with all the time that it may want; what it rejected with, if it did. */
async function sendWith(...outcomes: Outcome[]): Promise<unknown> {
  const call = apiWith(outcomes)
    .sendMessage(1, 'hello')
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  await clock.advanceAsync(3_600_000);
  return call;
}

describe('a send', () => {
  test.each<[string, Outcome[], number, CallFault | undefined]>([
    ['that goes well is made once', [], 1, undefined],
    ['is tried again where no connection was made', [UNSENT, UNSENT], 3, undefined],
    ['is given up after two more tries', [UNSENT, UNSENT, UNSENT], 3, 'network'],
    ['is tried again after a server error', [refused(500), refused(502)], 3, undefined],
    ['is not repeated when the connection broke after it', [RESET], 1, 'network'],
    ['is not repeated when no answer came in time', [LATE], 1, 'timeout'],
    ['is not repeated after a gateway gave up on it', [refused(504)], 1, 'server'],
    ['is not repeated when it was refused', [refused(400)], 1, 'rejected'],
    ['is not repeated with a token that is refused', [refused(401)], 1, 'unauthorized'],
    ['waits out three 429s', [refused(429, 1), refused(429, 1), refused(429, 1)], 4, undefined],
    [
      'gives up at the fourth 429',
      [refused(429, 1), refused(429, 1), refused(429, 1), refused(429, 1)],
      4,
      'rate-limited',
    ],
    ['does not wait beyond a minute', [refused(429, 61)], 1, 'rate-limited'],
    ['counts 429s apart from errors', [refused(429, 1), UNSENT, UNSENT], 4, undefined],
  ])('%s', async (_, outcomes, expectedTries, fault) => {
    const error = await sendWith(...outcomes);
    expect(tries).toHaveLength(expectedTries);
    expect(failed).toEqual(fault ? [fault] : []);
    expect(error === undefined).toBe(fault === undefined);
    expect(sent).toBe(fault ? 0 : 1);
  });

  test('obeys retry_after to the second', async () => {
    const call = apiWith([refused(429, 5)]).sendMessage(1, 'hello');
    await clock.advanceAsync(4_999);
    expect(tries).toHaveLength(1);
    await clock.advanceAsync(1_001);
    expect(tries).toHaveLength(2);
    await call;
  });

  test('stops waiting when its update ends', async () => {
    const call = apiWith([refused(429, 5)]).sendMessage(1, 'hello');
    await clock.advanceAsync(100);
    stop.abort(new Error('drained'));
    await expect(call).rejects.toMatchObject({ fault: 'aborted' });
    expect(clock.pendingTimers).toBe(0);
  });
});

test('a call that only reads is tried again even if it may have been carried out', async () => {
  const call = apiWith([RESET, LATE]).getChat(1);
  await clock.advanceAsync(60_000);
  await call;
  expect(tries).toEqual(['getChat', 'getChat', 'getChat']);
});

describe('an effect', () => {
  test.each<[boolean, string, Outcome[]]>([
    [true, 'is noted when a call went well', []],
    [true, 'is noted when a call may have', [LATE]],
    [true, 'is noted when a later try went well', [UNSENT]],
    [false, 'is not when a call was refused', [refused(400)]],
    [false, 'is not when none was sent', [UNSENT, UNSENT, UNSENT]],
  ])('%s: it %s', async (expected, _, outcomes) => {
    await sendWith(...outcomes);
    expect(effects.mayHaveHappened).toBe(expected);
  });

  test('is not noted for a call that only reads', async () => {
    await apiWith([]).getChat(1);
    expect(effects.mayHaveHappened).toBe(false);
    expect(sent).toBe(0);
  });
});

test('a chat action is no message', async () => {
  await apiWith([]).sendChatAction(1, 'typing');
  expect(sent).toBe(0);
});

test('a parameter that is null is left out', async () => {
  await apiWith([]).raw.sendMessage({ chat_id: 1, text: 'a', reply_markup: null as never });
  expect(JSON.parse(sentJson)).toEqual({ chat_id: 1, text: 'a' });
});

test("a file is left to grammY's own client", async () => {
  const file = new InputFile(Buffer.from('data'));
  await expect(apiWith([]).sendDocument(1, file)).rejects.toThrow('not known');
  expect(tries).toEqual([]);
});
