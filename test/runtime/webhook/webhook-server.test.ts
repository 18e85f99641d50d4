import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotAssignment } from '../../../src/control/port.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { ROTATION_MS, WebhookKeys } from '../../../src/runtime/webhook/webhook-keys.ts';
import { WebhookRoutes } from '../../../src/runtime/webhook/webhook-routes.ts';
import { startWebhookServer } from '../../../src/runtime/webhook/webhook-server.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

const HOUR_MS = 3_600_000;
const SECRET = 'x-telegram-bot-api-secret-token';

let hosting: Hosting;
let bot: BotAssignment;
let keys: WebhookKeys;
let agent: Agent;

beforeEach(async () => {
  hosting = await Hosting.start({ webhook: true });
  bot = await hosting.host('echo', {
    handlers: [{ command: { name: 'echo', reply: { text: '{args}' } } }],
  });
  await hosting.facts('echo', ({ updates }) => updates.mode === 'Webhook');
  keys = new WebhookKeys(bot.token);
  agent = new Agent({ connections: 4_000 });
});
afterEach(async () => {
  await agent.destroy();
  await hosting[Symbol.asyncDispose]();
});

/** A period that counts now, or one before. */
const period = (back = 0) => keys.periodAt(Date.now()) - back;

interface Post {
  readonly key?: string;
  readonly secret?: string | undefined;
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
  readonly headers?: Record<string, string>;
}

/** Posts as Telegram does, but for what is said otherwise. */
async function post({ key, secret, body = update(1), headers = {} }: Post = {}): Promise<number> {
  const given = secret ?? keys.secret(period());
  const { statusCode, body: answer } = await request(
    `${hosting.door?.publicUrl}0/${key ?? keys.key(period())}`,
    {
      dispatcher: agent,
      method: 'POST',
      headers: { ...(given !== '' && { [SECRET]: given }), ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : (body as never),
    },
  );
  expect(await answer.text()).toBe('');
  return statusCode;
}

function update(id: number, chat = 5): string {
  const date = 1_700_000_000;
  const from = { id: chat, is_bot: false, first_name: 'Ann' };
  const text = `/echo ${id}`;
  const entities = [{ type: 'bot_command', offset: 0, length: 5 }];
  const message = {
    message_id: id,
    date,
    chat: { id: chat, type: 'private' },
    from,
    text,
    entities,
  };
  return JSON.stringify({ update_id: id, message });
}

/** How often the bot has handled an update. */
const handled = async () =>
  (await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Running')).counters.updates;

test('what has no secret, or a wrong one, is no different from what has no address', async () => {
  const wrong = keys.secret(period()).replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  const other = new WebhookKeys(bot.token).key(period(5));
  for (const secret of ['', wrong, 'x', keys.secret(period(2))]) {
    expect(await post({ secret })).toBe(404);
  }
  expect(await post({ key: other })).toBe(404);
  expect(await post({ key: 'short' })).toBe(404);
  const get = await request(`${hosting.door?.publicUrl}0/${keys.key(period())}`);
  expect(get.statusCode).toBe(404);
  expect(hosting.door?.results.get('unknown')).toBe(7);
  expect(await handled()).toBe(0);
  expect(await post()).toBe(200);
});

/** A token whose key changes within the next hour. */
function tokenAboutToRotate(): Secret {
  for (let index = 0; ; index++) {
    const token = new Secret(`${4_000_000_000 + index}:${'a'.repeat(35)}`);
    const candidate = new WebhookKeys(token);
    const now = candidate.periodAt(Date.now() + 60_000);
    if (candidate.periodAt(Date.now() + HOUR_MS) > now) return token;
  }
}

test('key and secret change with the time, and the ones before count for a day', async () => {
  const token = tokenAboutToRotate();
  await hosting.host('rotating', { token: token.reveal() });
  await hosting.facts('rotating', ({ updates }) => updates.mode === 'Webhook');
  keys = new WebhookKeys(token);
  const before = { key: keys.key(period()), secret: keys.secret(period()) };
  const after = { key: keys.key(period() + 1), secret: keys.secret(period() + 1) };
  expect(await post({ ...before, body: update(1) })).toBe(200);
  expect(await post({ ...after, body: update(2) })).toBe(404);
  await hosting.advance(HOUR_MS + 140_000);
  await waitFor('the other address', async () => {
    return (await hosting.calls('rotating', 'setWebhook')) === 2;
  });
  expect(await post({ ...after, body: update(3) })).toBe(200);
  expect(await post({ ...before, body: update(4) })).toBe(200);
  expect(await post({ key: after.key, secret: before.secret, body: update(5) })).toBe(404);
  await hosting.advance(24 * HOUR_MS);
  expect(await post({ ...before, body: update(6) })).toBe(404);
  expect(await post({ ...after, body: update(7) })).toBe(200);
});

test('bots rotate at times of their own', () => {
  const starts = Array.from({ length: 200 }, (_, index) =>
    new WebhookKeys(new Secret(`${index}:secret`)).periodAt(ROTATION_MS / 2),
  );
  const late = starts.filter((number) => number === 1).length;
  expect(late).toBeGreaterThan(60);
  expect(late).toBeLessThan(140);
});

test.each([
  ['nothing', ''],
  ['no JSON', '{"update_id":'],
  ['no object', '7'],
  ['null', 'null'],
  ['no id', '{"message":{}}'],
  ['an id that is no number', '{"update_id":"7"}'],
  ['deep nesting', `{"update_id":${'['.repeat(100_000)}`],
])('a body with %s is refused', async (_, body) => {
  expect(await post({ body })).toBe(400);
});

test('100 MB are not read, whether they are announced or not', async () => {
  const block = Buffer.alloc(1 << 20, 0x20);
  let blocks = 0;
  async function* hundred() {
    for (; blocks < 100; blocks++) yield block;
  }
  const answer = await post({ body: hundred() }).catch(() => 413);
  expect(answer).toBe(413);
  expect(blocks).toBeLessThan(100);
  const announced = { 'content-length': String(100 << 20) };
  const refused = await post({ body: hundred(), headers: announced }).catch(() => 413);
  expect(refused).toBe(413);
  expect(hosting.door?.results.get('too-large')).toBe(2);
  expect(await post()).toBe(200);
});

test('the same update fifty times is handled once', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => post({ body: update(7) })));
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(await post({ body: update(7) })).toBe(200);
  await hosting.facts('echo', ({ counters }) => counters.updates === 1);
  const calls = await hosting.control.calls({ method: 'sendMessage', limit: 100 });
  expect(calls).toHaveLength(1);
});

test('ten thousand at once are taken or put off, and each that was taken is handled once', async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const answers = await Promise.all(ids.map((id) => post({ body: update(id, id) })));
  const taken = answers.filter((status) => status === 200).length;
  expect(new Set(answers).difference(new Set([200, 503]))).toEqual(new Set());
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(ids.length);
  let left = ids.filter((_, index) => answers[index] !== 200).slice(0, 20);
  while (left.length > 0) {
    const again = await Promise.all(left.map((id) => post({ body: update(id, id) })));
    left = left.filter((_, index) => again[index] !== 200);
  }
  const calls = await hosting.control.calls({ method: 'sendMessage', limit: 100_000 });
  const texts = calls.map(({ parameters }) => parameters['text']);
  expect(new Set(texts).size).toBe(texts.length);
  for (const [index, status] of answers.entries()) {
    if (status === 200) expect(texts).toContain(String(index + 1));
  }
}, 120_000);

test('whoever sends slowly is cut off', async () => {
  const routes = new WebhookRoutes();
  const server = await startWebhookServer({ host: '127.0.0.1', port: 0, routes, requestMs: 300 });
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const ended = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  socket.write('POST /0/x HTTP/1.1\r\nhost: x\r\n');
  const drip = setInterval(() => socket.write('a: b\r\n'), 50);
  await ended;
  clearInterval(drip);
  await server.close();
});
