import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { message, type Refuse, SIGNING_KEY, START_WALL_MS } from '../tried-bot.ts';
import { forwardingBot, startAnswering, startService } from './tenant-service.ts';

const hi = message({ text: 'hi \ud83d\ude00 "\\ \0' });
const say = (text: string) => ({ method: 'sendMessage', chat_id: 7, text });

describe('a forwarded update', () => {
  test('arrives as Telegram sent it, with who, what and which try in its headers', async () => {
    await using service = await startAnswering('');
    expect(await forwardingBot(service).handle(hi, 2)).toBe('handled');
    const [received] = service.received;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/hook?key=a',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'tenantbot',
        'x-tenantbot-bot': 'team-a/greeter',
        'x-tenantbot-bot-id': '42',
        'x-tenantbot-update-id': '1',
        'x-tenantbot-attempt': '2',
        'x-tenantbot-timestamp': String(Math.floor(START_WALL_MS / 1000)),
      },
    });
    expect(JSON.parse(received?.body ?? '')).toEqual(hi);
  });

  test('is signed over timestamp and body', async () => {
    await using service = await startAnswering('');
    await forwardingBot(service).handle(hi);
    const [{ headers, body } = expect.fail('nothing came')] = service.received;
    const expected = createHmac('sha256', SIGNING_KEY)
      .update(`${Math.floor(START_WALL_MS / 1000)}.`)
      .update(Buffer.from(body))
      .digest('hex');
    expect(headers['x-tenantbot-signature']).toBe(`sha256=${expected}`);
  });
});

describe('the answer of a service', () => {
  test.each([
    ['an empty body', 200, ''],
    ['white space', 200, ' \n'],
    ['no content', 204, ''],
    ['accepted', 202, ''],
    ['an empty list', 200, []],
  ])('may ask for nothing: %s', async (_what, status, body) => {
    await using service = await startAnswering(body, status);
    const bot = forwardingBot(service);
    expect(await bot.handle(hi)).toBe('handled');
    expect(bot.calls).toEqual([]);
  });

  test('may be one call', async () => {
    await using service = await startAnswering({ ...say('yes'), reply_markup: { a: [[1]] } });
    const bot = forwardingBot(service);
    await bot.handle(hi);
    expect(bot.calls).toEqual([{ ...say('yes'), reply_markup: { a: [[1]] } }]);
  });

  test('may be a list of calls, which are made in its order', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => say(String(index)));
    await using service = await startAnswering(calls);
    const bot = forwardingBot(service);
    await bot.handle(hi);
    expect(bot.calls).toEqual(calls);
  });

  test('may spell methods in any case; Telegram gets the proper one', async () => {
    await using service = await startAnswering({ ...say('yes'), method: 'SENDmessage' });
    const bot = forwardingBot(service);
    await bot.handle(hi);
    expect(bot.calls).toEqual([say('yes')]);
  });

  test('may begin with a byte order mark', async () => {
    await using service = await startAnswering(`\uFEFF${JSON.stringify(say('yes'))}`);
    const bot = forwardingBot(service);
    await bot.handle(hi);
    expect(bot.calls).toEqual([say('yes')]);
  });
});

describe('a call that a service asked for', () => {
  const refuse =
    (text: string, error_code: number): Refuse =>
    (call) =>
      call['text'] === text ? { error_code, description: 'Bad Request: no' } : undefined;

  test('and that Telegram finds fault with is a failure of the service', async () => {
    await using service = await startAnswering(say('bad'));
    const bot = forwardingBot(service, { refuse: refuse('bad', 400) });
    await expect(bot.handle(hi)).rejects.toMatchObject({
      code: 'FORWARD_CALL_FAILED',
      retryable: false,
      message: expect.stringContaining('Call 1 of 1 (sendMessage): Bad Request: no'),
    });
  });

  test("and that did not reach Telegram is Telegram's failure while it is the first", async () => {
    await using service = await startAnswering([say('bad'), say('good')]);
    const bot = forwardingBot(service, { refuse: refuse('bad', 502) });
    await expect(bot.handle(hi)).rejects.toMatchObject({ name: 'GrammyError', error_code: 502 });
    expect(bot.calls).toEqual([say('bad')]);
  });

  test('and that fails after others had their effect is never tried again', async () => {
    await using service = await startAnswering([say('good'), say('bad'), say('never')]);
    const bot = forwardingBot(service, { refuse: refuse('bad', 429) });
    await expect(bot.handle(hi)).rejects.toMatchObject({
      code: 'FORWARD_CALL_FAILED',
      retryable: false,
    });
    expect(bot.calls).toEqual([say('good'), say('bad')]);
  });
});

describe('a drain that is cut short', () => {
  const errorReply = { text: 'Sorry.' };

  test('breaks the request off and tells nobody', async () => {
    const drain = new AbortController();
    await using service = await startService(() => drain.abort());
    const bot = forwardingBot(service, { errorReply });
    await expect(bot.handle(hi, 3, drain.signal)).rejects.toMatchObject({ fault: 'aborted' });
    expect(bot.calls).toEqual([]);
  });

  test('amid the calls of an answer tells nobody either', async () => {
    const drain = new AbortController();
    const refuse: Refuse = (call) => {
      if (call['text'] !== 'cut') return undefined;
      drain.abort();
      return { error_code: 502, description: 'Bad Gateway' };
    };
    await using service = await startAnswering([say('good'), say('cut')]);
    const bot = forwardingBot(service, { errorReply, refuse });
    await expect(bot.handle(hi, 3, drain.signal)).rejects.toThrow('Call 2 of 2');
    expect(bot.calls).toEqual([say('good'), say('cut')]);
  });
});
