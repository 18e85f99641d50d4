import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { message } from '../tried-bot.ts';
import { forwardingBot, startAnswering, startService } from './tenant-service.ts';

const SECRET = 'what-the-service-says';
const hi = message({ text: 'hi' });
const say = { method: 'sendMessage', chat_id: 7, text: SECRET };

function answers(body: unknown): (response: ServerResponse) => void {
  return (response) => response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function fails(status: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => response.writeHead(status, headers).end(SECRET);
}

/** Far more than is read, sent as fast as it is taken. */
function answersMegabytes(megabytes: number) {
  return (response: ServerResponse) => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const send = (left: number): void => {
      if (left === 0) response.end();
      else response.write(chunk, (error) => !error && send(left - 1));
    };
    send(megabytes);
  };
}

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

type Answer = (response: ServerResponse) => void;

/** What goes wrong, the code of its error, and what the tenant reads. */
const ONCE: readonly [string, Answer, string, RegExp][] = [
  [
    'redirects',
    fails(302, { location: '/' }),
    'REDIRECT',
    /redirects are not followed.*status 302/,
  ],
  ['refuses', fails(404), 'REFUSED', /status 404/],
  ['answers 50 MB', answersMegabytes(50), 'TOO_LARGE', /At most 1048576 bytes/],
  ['answers HTML', answers(`<p>${SECRET}</p>`), 'NOT_JSON', /not JSON.*empty body/],
  ['answers half of JSON', answers(`{"method":"${SECRET}`), 'NOT_JSON', /not JSON/],
  [
    'answers no UTF-8',
    (response) => response.end(Buffer.from([0x22, 0xff, 0x22])),
    'NOT_JSON',
    /JSON/,
  ],
  ['answers null', answers('null'), 'WRONG_SHAPE', /no Bot API call/],
  ['answers a number', answers('1'), 'WRONG_SHAPE', /no Bot API call/],
  ['answers an object without method', answers({ ok: SECRET }), 'WRONG_SHAPE', /no Bot API call/],
  ['answers a method that is no name', answers({ ...say, method: 1 }), 'WRONG_SHAPE', /no Bot API/],
  ['answers a list in a list', answers([[say]]), 'WRONG_SHAPE', /no Bot API call/],
  [
    'answers 21 calls',
    answers(Array.from({ length: 21 }, () => say)),
    'WRONG_SHAPE',
    /21 calls; at most 20/,
  ],
  ['answers nested JSON', answers(nested(100_000)), 'WRONG_SHAPE', /.../],
  [
    'answers nested parameters',
    answers(`{"method":"sendMessage","a":${nested(100_000)}}`),
    'WRONG_SHAPE',
    /nested too deeply/,
  ],
  [
    'asks for a method that is not allowed',
    answers({ ...say, method: 'banChatMember' }),
    'METHOD_NOT_ALLOWED',
    /forward\.methods/,
  ],
  [
    'asks for one that is not allowed behind one that is',
    answers([say, { ...say, method: 'banChatMember' }]),
    'METHOD_NOT_ALLOWED',
    /forward\.methods/,
  ],
];

const AGAIN: readonly [string, Answer, string, RegExp][] = [
  ['breaks off', (response) => response.destroy(), 'UNREACHABLE', /could not be reached/],
  ['is slow', () => undefined, 'TIMEOUT', /It has 1 s/],
  ['stops half way', (response) => response.write('{'), 'TIMEOUT', /It has 1 s/],
  ['fails', fails(500), 'SERVER_ERROR', /status 500/],
  ['is overrun', fails(429), 'RATE_LIMITED', /status 429/],
];

describe.each([
  { retryable: false, attempt: 1, cases: ONCE },
  { retryable: true, attempt: 3, cases: AGAIN },
])('a service that will be asked again: $retryable', ({ retryable, attempt, cases }) => {
  test.each(cases)('%s: %#', async (_what, answer, code, words) => {
    await using service = await startService(answer);
    const bot = forwardingBot(service, { timeoutSeconds: 1, errorReply: { text: 'Sorry.' } });
    const error = await bot.handle(hi, attempt).catch((error: unknown) => error);
    expect(error).toMatchObject({
      name: 'ForwardError',
      kind: 'remote',
      code: `FORWARD_${code}`,
      retryable,
      message: expect.stringMatching(words),
    });
    expect(String(error)).toContain('spec.handlers[0].forward: ');
    expect(String(error)).not.toContain(SECRET);
    expect(bot.calls).toEqual([{ method: 'sendMessage', chat_id: 7, text: 'Sorry.' }]);
  });
});

test('a service that is down cannot be reached', async () => {
  await using client = await startAnswering('');
  const { url, ...service } = await startAnswering('');
  await service[Symbol.asyncDispose]();
  const bot = forwardingBot({ url, httpPost: client.httpPost });
  await expect(bot.handle(hi)).rejects.toMatchObject({
    code: 'FORWARD_UNREACHABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

describe('the user', () => {
  const errorReply = { text: 'Sorry, {firstName}.' };

  test('is told nothing while there are tries left', async () => {
    await using service = await startAnswering(SECRET, 500);
    const bot = forwardingBot(service, { errorReply });
    for (const attempt of [1, 2]) await expect(bot.handle(hi, attempt)).rejects.toThrow('500');
    expect(bot.calls).toEqual([]);
    await expect(bot.handle(hi, 3)).rejects.toThrow('500');
    expect(bot.calls).toMatchObject([{ text: 'Sorry, Ann.' }]);
  });

  test('is told nothing where the manifest has no words for it', async () => {
    await using service = await startAnswering(SECRET, 404);
    const bot = forwardingBot(service);
    await expect(bot.handle(hi)).rejects.toThrow('404');
    expect(bot.calls).toEqual([]);
  });

  test('is told where a button was pressed', async () => {
    await using service = await startAnswering(SECRET, 404);
    const bot = forwardingBot(service, { errorReply });
    const press = { id: '1', from: { id: 7, first_name: 'Ann' }, message: hi.message };
    await expect(bot.handle({ update_id: 1, callback_query: press } as never)).rejects.toThrow(
      '404',
    );
    expect(bot.calls).toMatchObject([{ chat_id: 7, text: 'Sorry, Ann.' }]);
  });

  test.each([
    { my_chat_member: { chat: { id: 7 }, from: { id: 7 } } },
    { channel_post: { chat: { id: 7 } } },
    { inline_query: { from: { id: 7 } } },
    { callback_query: { from: { id: 7 } } },
  ])('is told nothing where nobody waits for an answer: %j', async (fields) => {
    await using service = await startAnswering(SECRET, 404);
    const bot = forwardingBot(service, { errorReply });
    await expect(bot.handle({ update_id: 1, ...fields } as never)).rejects.toThrow('404');
    expect(bot.calls).toEqual([]);
  });

  test('cannot be told: the failure of the service stays the one that counts', async () => {
    await using service = await startAnswering(SECRET, 404);
    const refuse = () => ({ error_code: 403, description: 'Forbidden: blocked' });
    const bot = forwardingBot(service, { errorReply, refuse });
    await expect(bot.handle(hi)).rejects.toMatchObject({ code: 'FORWARD_REFUSED' });
    expect(bot.logLines.join('')).toContain('errorReply not sent');
  });
});
