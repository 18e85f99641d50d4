import { expect, test } from 'vitest';
import type { BotAssignment } from '../../../src/control/port.ts';
import { WebhookKeys } from '../../../src/runtime/webhook/webhook-keys.ts';
import { botAssignment } from '../../support/assignments.ts';
import { type Respond, startForwardService } from '../../support/forward-service.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';
import { hostEcho, meddle, registered } from './echo-bot.ts';

/** `assignment` with another wish of how updates are to come, as another generation. */
function withMode(assignment: BotAssignment, mode: BotAssignment['spec']['updates']['mode']) {
  const { spec, generation } = assignment;
  const updates = { ...spec.updates, mode };
  return { ...assignment, generation: generation + 1, spec: { ...spec, updates } };
}

const polls = (hosting: Hosting) =>
  hosting.facts('echo', ({ updates }) => updates.mode === 'Polling');

/** What the bot has sent, each text once for each time. */
async function sent(hosting: Hosting): Promise<string[]> {
  const calls = await hosting.control.calls({ method: 'sendMessage', limit: 100_000 });
  return calls.map(({ parameters }) => parameters['text'] ?? '').toSorted();
}

async function deliveries(hosting: Hosting): Promise<string[]> {
  const updates = await hosting.control.updates({ limit: 100_000 });
  return updates.flatMap((update) =>
    update.deliveries.map(({ via, outcome }) => `${via} ${outcome}`),
  );
}

test('a fleet with an address has its bots get updates there', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  const facts = await registered(hosting);
  expect(facts.aspects?.webhook).toMatchObject({ ok: true, reason: 'Registered' });
  expect(facts.updates.webhookUrl).toBe(`${hosting.door?.publicUrl}0/…`);
  await hosting.say('echo', '/echo one');
  await hosting.confirmed('echo');
  expect(await sent(hosting)).toEqual(['one']);
  expect(await deliveries(hosting)).toEqual(['webhook 200']);
  expect(await hosting.calls('echo', 'getUpdates')).toBe(0);
  expect(await hosting.calls('echo', 'setWebhook')).toBe(1);
  const { url } = await meddle(hosting, bot, 'getWebhookInfo');
  expect(url).toMatch(/\/hooks\/0\/[A-Za-z0-9_-]{32}$/);
  const [id = '', secret = ''] = bot.token.reveal().split(':');
  for (const part of [id, secret]) expect(url).not.toContain(part);
  expect(hosting.log).not.toContain(url.slice(-32));
});

test('a webhook that is as it should be is left alone', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  hosting.assign({ ...bot, epoch: 2 });
  await waitFor('the next look', async () => (await hosting.calls('echo', 'getWebhookInfo')) >= 2);
  await hosting.say('echo', '/echo two');
  await hosting.answered('echo', 'two');
  expect(await hosting.calls('echo', 'setWebhook')).toBe(1);
});

test('a webhook is set once a second at most, however often it is tried', async () => {
  // Without jitter a call is tried again at once.
  await using hosting = await Hosting.start({ webhook: true, random: () => 0 });
  const effect = { kind: 'status', status: 500 } as const;
  await hosting.control.addFault({ method: 'setWebhook', count: 4, effect });
  await hosting.host('echo');
  const set = await waitFor('the webhook', async () => {
    await hosting.advance(100);
    const made = await hosting.control.calls({ method: 'setWebhook' });
    return made.at(-1)?.outcome?.status === 200 && made;
  });
  const times = set.map(({ startedAtMs }) => startedAtMs);
  const pausesMs = times.slice(1).map((ms, index) => ms - (times[index] ?? 0));
  expect(pausesMs).toHaveLength(4);
  expect(Math.min(...pausesMs)).toBeGreaterThanOrEqual(1_000);
});

test.each([
  ['Auto', false],
  ['Polling', true],
] as const)('a bot polls in mode %s where the fleet has an address: %s', async (mode, webhook) => {
  await using hosting = await Hosting.start({ webhook });
  const bot = await hosting.host('echo');
  hosting.assign(withMode(bot, mode));
  await polls(hosting);
  await hosting.polling('echo');
  expect((await hosting.running('echo')).aspects).toBeUndefined();
});

test('a webhook that is wanted without an address is said to be missing', async () => {
  await using hosting = await Hosting.start();
  hosting.assign(withMode(await hosting.host('echo'), 'Webhook'));
  const { aspects } = await hosting.facts('echo', ({ aspects }) => aspects !== undefined);
  expect(aspects?.webhook).toMatchObject({ ok: false, reason: 'NoAddress' });
  hosting.webhook = { publicUrl: 'https://bots.example.com', maxConnections: 40 };
  hosting.publish();
  await hosting.facts('echo', ({ aspects }) => aspects?.webhook?.reason === 'NotListening');
  await hosting.polling('echo');
});

test('changes between polls and webhook lose nothing and double nothing', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  let bot = await hostEcho(hosting);
  const numbers = Array.from({ length: 120 }, (_, index) => `n${index}`);
  for (const [index, number] of numbers.entries()) {
    if (index % 12 === 6) {
      const mode = bot.spec.updates.mode === 'Polling' ? 'Webhook' : 'Polling';
      bot = hosting.assign(withMode(bot, mode));
    }
    await hosting.say('echo', `/echo ${number}`, `user${index % 60}`);
  }
  await hosting.confirmed('echo');
  expect(await sent(hosting)).toEqual(numbers.toSorted());
  const ways = await deliveries(hosting);
  expect(new Set(ways)).toContain('webhook 200');
  expect(new Set(ways)).toContain('poll sent');
  expect((await hosting.running('echo')).conflict).toBeUndefined();
}, 60_000);

test.each(['deleteWebhook', 'setWebhook'])(
  'a webhook is repaired after %s by others',
  async (method) => {
    await using hosting = await Hosting.start({ webhook: true });
    const bot = await hostEcho(hosting);
    await hosting.advance(2_000);
    const { url } = await meddle(hosting, bot, 'getWebhookInfo');
    await meddle(hosting, bot, method, { url: 'http://127.0.0.1:9/elsewhere' });
    await hosting.say('echo', '/echo lost?');
    await hosting.advance(20_000);
    await waitFor('the repair', async () => {
      const info = await meddle(hosting, bot, 'getWebhookInfo');
      return info.url === url;
    });
    await hosting.answered('echo', 'lost?');
  },
);

test('other kinds of update, and other numbers of connections, are told to Telegram', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  await hosting.advance(2_000);
  const updates = { ...bot.spec.updates, allowedUpdates: ['poll' as const, 'message' as const] };
  hosting.assign({ ...bot, generation: 2, spec: { ...bot.spec, updates } });
  await waitFor('other kinds', async () => {
    const info = await meddle(hosting, bot, 'getWebhookInfo');
    return String((info as { allowed_updates?: unknown }).allowed_updates) === 'message,poll';
  });
  hosting.webhook = { publicUrl: hosting.door?.publicUrl ?? '', maxConnections: 7 };
  await hosting.advance(2_000);
  hosting.publish();
  await waitFor('another number', async () => {
    const info = await meddle(hosting, bot, 'getWebhookInfo');
    return (info as { max_connections?: unknown }).max_connections === 7;
  });
  await hosting.say('echo', '/echo still');
  await hosting.answered('echo', 'still');
});

test('what waits is thrown away at the very first start alone', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const { token } = await hosting.control.createBot({ username: 'echo_bot' });
  await hosting.say('echo', '/echo old');
  const handlers = [{ command: { name: 'echo', reply: { text: '{args}' } } }];
  hosting.assign({ ...botAssignment({ name: 'echo', token, handlers }), dropPending: true });
  await registered(hosting);
  await hosting.say('echo', '/echo new');
  await hosting.answered('echo', 'new');
  await hosting.advance(20_000);
  await hosting.say('echo', '/echo newer');
  await hosting.answered('echo', 'newer');
  expect(await sent(hosting)).toEqual(['new', 'newer']);
});

test('updates that do not arrive are fetched, until the webhook works again', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const { door } = hosting;
  hosting.webhook = { publicUrl: 'http://127.0.0.1:9/nobody', maxConnections: 40 };
  const handlers = [{ command: { name: 'echo', reply: { text: '{args}' } } }];
  await hosting.host('echo', { handlers });
  await registered(hosting);
  await hosting.say('echo', '/echo one');
  for (let look = 0; look < 4; look++) await hosting.advance(20_000);
  await hosting.answered('echo', 'one');
  const { aspects } = await polls(hosting);
  expect(aspects?.webhook).toMatchObject({ ok: false, reason: 'WebhookFailing' });
  expect(aspects?.webhook?.message).toContain('Connection refused');
  await hosting.say('echo', '/echo two');
  await hosting.answered('echo', 'two');

  // It is tried again after a minute, and then after two.
  for (const pauseMs of [70_000, 140_000]) {
    await hosting.advance(pauseMs);
    await registered(hosting);
    await hosting.say('echo', `/echo after ${pauseMs}`);
    for (let look = 0; look < 4; look++) await hosting.advance(20_000);
    await hosting.answered('echo', `after ${pauseMs}`);
    await polls(hosting);
  }

  hosting.webhook = { publicUrl: door?.publicUrl ?? '', maxConnections: 40 };
  hosting.publish();
  await hosting.facts('echo', ({ aspects }) => aspects?.webhook?.ok === true);
  await hosting.say('echo', '/echo three');
  await hosting.confirmed('echo');
  expect((await deliveries(hosting)).at(-1)).toBe('webhook 200');
  const texts = ['after 140000', 'after 70000', 'one', 'three', 'two'];
  expect(await sent(hosting)).toEqual(texts);
});

test('an address that Telegram does not take has the bot poll at once', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  hosting.webhook = { publicUrl: 'http://10.1.2.3:8080', maxConnections: 40 };
  await hosting.host('echo');
  const { aspects } = await hosting.facts('echo', ({ aspects }) => aspects !== undefined);
  expect(aspects?.webhook).toMatchObject({ ok: false, reason: 'WebhookRefused' });
  expect(aspects?.webhook?.message).toMatch(/HTTPS URL must be provided.*spec\.webhook\.publicUrl/);
  await hosting.polling('echo');
});

test('a slow update is sent again and answered once', async () => {
  let respond: Respond | undefined;
  let forwarded = 0;
  await using service = await startForwardService((_path, _update, answer) => {
    forwarded++;
    respond = answer;
  });
  await using hosting = await Hosting.start({ webhook: true });
  const handlers = [{ forward: { url: service.url, signingSecretRef: { name: 'k' } } }];
  await hosting.host('echo', { handlers });
  await registered(hosting);
  const id = await hosting.say('echo', 'slow');
  await waitFor('the update', () => forwarded > 0);
  await hosting.advance(6_000);
  await waitFor('the second delivery', async () => (await deliveries(hosting)).length > 0);
  await hosting.advance(3_000);
  expect(forwarded).toBe(1);
  respond?.(200, { method: 'sendMessage', chat_id: 1, text: 'done' });
  await hosting.confirmed('echo');
  const [update] = await hosting.control.updates({ limit: 10 });
  expect(update).toMatchObject({ updateId: id, fate: 'confirmed' });
  expect(update?.deliveries.map(({ outcome }) => outcome)).toEqual(['503', '200']);
  expect(forwarded).toBe(1);
});

test('a bot that stops ends what is in hand, and has all else sent again', async () => {
  const waiting: Respond[] = [];
  await using service = await startForwardService((_path, _update, answer) => waiting.push(answer));
  await using hosting = await Hosting.start({ webhook: true });
  const forward = { url: service.url, signingSecretRef: { name: 'k' } };
  const bot = await hosting.host('echo', { handlers: [{ forward }] });
  await registered(hosting);
  // Telegram sends one update at a time until one was taken.
  await hosting.say('echo', 'first');
  await waitFor('the first update', () => waiting.length === 1);
  waiting[0]?.(200);
  await hosting.confirmed('echo');
  await hosting.say('echo', 'begun');
  await waitFor('the update', () => waiting.length === 2);
  hosting.bots.clear();
  hosting.publish();
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Stopping');
  await hosting.say('echo', 'too late', 'bob');
  await waitFor('a refusal', async () => (await deliveries(hosting)).includes('webhook 503'));
  waiting[1]?.(200);
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Stopped');
  expect((await deliveries(hosting))[1]).toBe('webhook 200');
  hosting.assign({ ...bot, epoch: 2 });
  await hosting.advance(10_000);
  await waitFor('the other', () => waiting.length === 3);
  waiting[2]?.(200);
  await hosting.confirmed('echo');
  expect(waiting).toHaveLength(3);
});

test('a webhook that is left over is removed, and only when it is in the way', async () => {
  await using hosting = await Hosting.start();
  const { token } = await hosting.control.createBot({ username: 'echo_bot' });
  await fetch(`${hosting.emulator.apiRoot}/bot${token}/setWebhook?url=http://127.0.0.1:9/old`);
  await hosting.say('echo', '/start');
  await hosting.host('echo', { token });
  await hosting.answered('echo', 'I am echo');
  expect(await hosting.calls('echo', 'deleteWebhook')).toBe(1);
  await hosting.host('other');
  await hosting.polling('other');
  expect(await hosting.calls('other', 'deleteWebhook')).toBe(0);
  expect((await hosting.running('echo')).conflict).toBeUndefined();
});

test('who sets webhooks again and again is not fought', async () => {
  await using hosting = await Hosting.start();
  const bot = await hosting.host('echo');
  await hosting.polling('echo');
  for (const round of [1, 2]) {
    await hosting.advance(2_000);
    await meddle(hosting, bot, 'setWebhook', { url: `http://127.0.0.1:9/${round}` });
    await hosting.advance(10_000);
  }
  await hosting.advance(30_000);
  await hosting.facts(
    'echo',
    ({ conflict }) => conflict?.message.includes('keeps setting') === true,
  );
  expect(await hosting.calls('echo', 'deleteWebhook')).toBe(1);
  for (let minute = 0; minute < 4; minute++) await hosting.advance(60_000);
  await hosting.facts('echo', ({ conflict }) => conflict === undefined);
  await hosting.polling('echo');
});

test('who changes our webhook again and again is told of, and not fought', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  for (const round of [1, 2, 3]) {
    await hosting.advance(2_000);
    await meddle(hosting, bot, 'setWebhook', { url: `http://127.0.0.1:9/${round}` });
    await hosting.advance(17_000);
    await waitFor('the repair', async () => {
      const info = await meddle(hosting, bot, 'getWebhookInfo');
      return info.url.includes('/hooks/');
    });
  }
  const { conflict } = await hosting.facts('echo', ({ conflict }) => conflict !== undefined);
  expect(conflict?.message).toContain('Another program keeps changing the webhook');
  for (let look = 0; look < 3; look++) await hosting.advance(17_000);
  await hosting.facts('echo', ({ conflict }) => conflict === undefined);
});

test('no more than a hundred updates of a bot are in hand', async () => {
  let held = 0;
  await using service = await startForwardService(() => {
    held++;
  });
  await using hosting = await Hosting.start({ webhook: true });
  const forward = { url: service.url, signingSecretRef: { name: 'k' }, timeoutSeconds: 60 };
  const bot = await hosting.host('echo', { handlers: [{ forward }] });
  await registered(hosting);
  const keys = new WebhookKeys(bot.token);
  const period = keys.periodAt(Date.now());
  const post = async (id: number): Promise<number> => {
    const response = await fetch(`${hosting.door?.publicUrl}0/${keys.key(period)}`, {
      method: 'POST',
      headers: { 'x-telegram-bot-api-secret-token': keys.secret(period) },
      body: JSON.stringify({ update_id: id, message: { text: 'x', chat: { id }, from: { id } } }),
    });
    expect(response.headers.get('retry-after')).toBe('2');
    return response.status;
  };
  const first = Promise.all(Array.from({ length: 100 }, (_, index) => post(index + 1)));
  await hosting.facts('echo', ({ counters }) => counters.updates === 100);
  expect(await post(101)).toBe(503);
  // Those in hand are put off after a while, and stay in hand.
  await hosting.advance(6_000);
  expect(new Set(await first)).toEqual(new Set([503]));
  expect(await post(102)).toBe(503);
  expect(held).toBe(bot.spec.updates.maxConcurrent);
  await hosting.facts('echo', ({ counters }) => counters.updates === 100);
}, 30_000);

test('a webhook that is seldom looked after does not count as hung', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const handlers = [{ command: { name: 'echo', reply: { text: '{args}' } } }];
  await hosting.host('echo', { handlers, spec: { restart: { heartbeatSeconds: 60 } } });
  await registered(hosting);
  for (let step = 0; step < 60; step++) {
    await hosting.advance(10_000);
    await waitFor('all calls', async () => {
      const calls = await hosting.control.calls({ limit: 1_000 });
      return calls.every(({ outcome }) => outcome !== null);
    });
  }
  const { restarts, lifecycle } = await registered(hosting);
  expect({ restarts, lifecycle }).toEqual({ restarts: 0, lifecycle: 'Running' });
  // In ten minutes, with looks that become less frequent.
  expect(await hosting.calls('echo', 'getWebhookInfo')).toBeLessThan(12);
});
