import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/lib/clock.ts';
import { createHttpPost } from '../../../../src/runtime/transport/http-post.ts';
import { message, SIGNING_KEY, triedBot } from '../tried-bot.ts';

const SAMPLE = new URL('../../../../config/samples/echo-service.mjs', import.meta.url).pathname;

function run(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [SAMPLE, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The address in the one line that the service prints. */
async function addressOf(service: ChildProcess): Promise<string> {
  const [line] = (await once(service.stdout ?? expect.fail('no output'), 'data')) as [Buffer];
  return /^echo service listens on (\S+)\n$/.exec(String(line))?.[1] ?? expect.fail(String(line));
}

describe('the sample service', () => {
  let service: ChildProcess;
  let url: string;

  beforeAll(async () => {
    service = run(['--port', '0'], { SIGNING_KEY });
    url = await addressOf(service);
  });

  afterAll(async () => {
    const exit = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  async function send(fields: object) {
    const client = createHttpPost(systemClock);
    const forward = { url, signingSecretRef: { name: 'key' } };
    const bot = triedBot([{ forward }], { httpPost: client.post, clock: systemClock });
    await bot.handle(message(fields));
    await client.close();
    return bot.calls;
  }

  test('echoes text', async () => {
    const said = { method: 'sendMessage', chat_id: 7, text: 'hé 😀' };
    expect(await send({ text: 'hé 😀' })).toEqual([said]);
  });

  test('echoes into the topic that the text came from', async () => {
    const topic = { is_topic_message: true, message_thread_id: 5 };
    expect(await send({ text: 'hi', ...topic })).toMatchObject([{ message_thread_id: 5 }]);
  });

  test('says nothing to what is no text', async () => {
    expect(await send({ sticker: {} })).toEqual([]);
  });

  const post = async (headers: Record<string, string>, body = '{}'): Promise<number> =>
    (await fetch(url, { method: 'POST', headers, body })).status;
  const signed = (key: string, ageSeconds: number): Record<string, string> => {
    const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
    const signature = createHmac('sha256', key).update(`${timestamp}.{}`).digest('hex');
    return {
      'x-tenantbot-timestamp': timestamp,
      'x-tenantbot-signature': `sha256=${signature}`,
    };
  };

  test('takes what is signed with its key, lately', async () => {
    expect(await post(signed(SIGNING_KEY, 0))).toBe(204);
    expect(await post(signed(SIGNING_KEY, 290))).toBe(204);
  });

  test.each([
    ['without a signature', {}],
    ['with a short signature', { ...signed(SIGNING_KEY, 0), 'x-tenantbot-signature': 'sha256=' }],
    ['signed with another key', signed('another', 0)],
    ['that are old', signed(SIGNING_KEY, 310)],
    ['that are from the future', signed(SIGNING_KEY, -310)],
    ['with another timestamp', { ...signed(SIGNING_KEY, 0), 'x-tenantbot-timestamp': 'now' }],
  ])('refuses requests %s', async (_what, headers) => {
    expect(await post(headers)).toBe(401);
  });

  test('refuses a body that was changed on its way', async () => {
    expect(await post(signed(SIGNING_KEY, 0), '{ }')).toBe(401);
  });

  test('refuses what is no POST, and what is too large', async () => {
    expect((await fetch(url)).status).toBe(405);
    expect(await post({}, 'x'.repeat(1024 * 1024 + 1))).toBe(413);
  });

  test('says so where its port is taken', async () => {
    const second = run(['--port', new URL(url).port, '--signing-key', 'k']);
    const errors = text(second.stderr ?? expect.fail('no output'));
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(await errors).toMatch(/^echo service: cannot listen on port .*EADDRINUSE.*\n$/);
  });
});

test.each([
  [['--port', '0'], 'signing key'],
  [['--port', 'x', '--signing-key', 'k'], '--port must be'],
])('the sample service does not start without what it needs: %j', async (args, words) => {
  const service = run(args);
  const errors = text(service.stderr ?? expect.fail('no output'));
  expect(await once(service, 'exit')).toEqual([1, null]);
  expect(await errors).toContain(words);
});
