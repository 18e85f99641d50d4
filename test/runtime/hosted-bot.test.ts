import { describe, expect, test } from 'vitest';
import type { Counters } from '../../src/api/tenant-bot-status.ts';
import { Secret } from '../../src/lib/secret.ts';
import { botAssignment } from '../support/assignments.ts';
import { startForwardService } from '../support/forward-service.ts';
import { waitFor } from '../support/wait.ts';
import { Hosting } from './hosting.ts';

const forwardTo = (url: string) => [
  { forward: { url, signingSecretRef: { name: 'key' }, timeoutSeconds: 60 } },
];

describe('a token', () => {
  test('revoked under way is suspected, then given up, and a new one starts the bot', async () => {
    await using hosting = await Hosting.start();
    const greeter = await hosting.host('greeter');
    await hosting.polling('greeter');
    await hosting.control.revokeToken('greeter_bot');
    const suspect = await hosting.facts('greeter', ({ token }) => token.state === 'Unauthorized');
    expect(suspect.lifecycle).toBe('Starting');
    const revoked = await waitFor('the end of patience', async () => {
      await hosting.advance(10_000);
      const facts = hosting.port.facts.get('greeter');
      return facts?.lifecycle === 'Suspended' && facts;
    });
    expect(revoked.token).toMatchObject({
      state: 'Revoked',
      message: expect.stringContaining('@BotFather'),
    });
    const token = await hosting.control.reissueToken('greeter_bot');
    hosting.assign({ ...greeter, token: new Secret(token) });
    await hosting.running('greeter');
  });

  test('that answers 401 for a while after its issue is not given up', async () => {
    await using hosting = await Hosting.start();
    const fault = await hosting.control.addFault({ effect: { kind: 'status', status: 401 } });
    await hosting.host('greeter');
    await hosting.facts('greeter', ({ token }) => token.state === 'Unauthorized');
    await hosting.control.removeFault(fault.id);
    await hosting.advance(10_000);
    expect((await hosting.running('greeter')).token.state).toBe('Valid');
  });

  test('refused within a reply costs no update: it is handled with the next token', async () => {
    await using hosting = await Hosting.start();
    await hosting.host('greeter');
    await hosting.polling('greeter');
    await hosting.control.addFault({
      method: 'sendMessage',
      count: 1,
      effect: { kind: 'status', status: 401, description: 'Unauthorized' },
    });
    await hosting.say('greeter', '/start');
    await hosting.facts('greeter', ({ token }) => token.state === 'Unauthorized');
    await hosting.advance(10_000);
    await hosting.answered('greeter', 'I am greeter');
    await hosting.confirmed('greeter');
  });
});

test('another poller is told, not fought, and forgotten when it is gone', async () => {
  // The longest pause, since Telegram lets the rival wait for three seconds.
  await using hosting = await Hosting.start({ random: () => 0.999 });
  const { token } = await hosting.host('greeter');
  await hosting.polling('greeter');
  const rival = fetch(`${hosting.emulator.apiRoot}/bot${token.reveal()}/getUpdates?timeout=1`);
  const { conflict } = await hosting.facts('greeter', (facts) => facts.conflict !== undefined);
  expect(conflict?.message).toContain('terminated by other getUpdates request');
  await (await rival).text();
  expect(await hosting.calls('greeter', 'getUpdates')).toBe(2);
  await hosting.advance(5_000);
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
  await hosting.facts('greeter', (facts) => facts.conflict === undefined);
});

test.each([
  { kind: 'html', status: 502 },
  { kind: 'html', status: 200 },
  { kind: 'empty' },
  { kind: 'truncate' },
  { kind: 'not-ok' },
  { kind: 'reset', when: 'before' },
  { kind: 'status', status: 429, retryAfterSeconds: 1 },
  { kind: 'status', status: 500 },
] as const)('polling goes on after $kind $status', async (effect) => {
  await using hosting = await Hosting.start();
  const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
  await hosting.say('greeter', '/start');
  await hosting.control.addFault({ method: 'getUpdates', count: 2, effect });
  await hosting.host('greeter', { token });
  await waitFor('the answer', async () => {
    await hosting.advance(1_000);
    return (await hosting.calls('greeter', 'sendMessage')) === 1;
  });
  await hosting.facts('greeter', ({ counters }) => counters.errors === 2);
});

describe('updates that waited', () => {
  test.each([true, false])('are thrown away only where that is asked for: %s', async (drop) => {
    await using hosting = await Hosting.start();
    const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
    await hosting.say('greeter', '/start', 'early');
    const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
    hosting.assign({ ...botAssignment({ name: 'greeter', token, handlers }), dropPending: drop });
    await hosting.polling('greeter');
    await hosting.say('greeter', '/start', 'late');
    await hosting.answered('greeter', 'Hello');
    await hosting.confirmed('greeter');
    expect(await hosting.calls('greeter', 'sendMessage')).toBe(drop ? 1 : 2);
  });
});

describe('a stop', () => {
  test('lets what has begun come to its end, and confirms it', async () => {
    const reached = Promise.withResolvers<(status: number, call?: object) => void>();
    await using service = await startForwardService((_, __, respond) => reached.resolve(respond));
    await using hosting = await Hosting.start();
    await hosting.host('slow', { handlers: forwardTo(service.url) });
    const chat = (await hosting.control.createUser({ firstName: 'ann', username: 'ann' })).id;
    await hosting.say('slow', 'hello');
    const respond = await reached.promise;
    const stopped = hosting.stop();
    await hosting.facts('slow', ({ lifecycle }) => lifecycle === 'Stopping');
    respond(200, { method: 'sendMessage', chat_id: chat, text: 'at last' });
    await stopped;
    await hosting.answered('slow', 'at last');
    expect((await hosting.control.bot('slow_bot')).pendingUpdates).toBe(0);
  });

  test('is bounded: what takes longer stays unconfirmed and comes again', async () => {
    const reached = Promise.withResolvers<void>();
    await using service = await startForwardService(() => reached.resolve());
    await using hosting = await Hosting.start({ drainSeconds: 4 });
    await hosting.host('stuck', { handlers: forwardTo(service.url) });
    await hosting.say('stuck', 'hello');
    await reached.promise;
    const stopped = hosting.stop();
    await hosting.facts('stuck', ({ lifecycle }) => lifecycle === 'Stopping');
    await hosting.advance(4_000);
    await stopped;
    expect(hosting.port.facts.get('stuck')?.lifecycle).toBe('Stopped');
    expect((await hosting.control.bot('stuck_bot')).pendingUpdates).toBe(1);
  });
});

test('a poison update is given up, told with a fingerprint, and harms no neighbour', async () => {
  await using service = await startForwardService((_, __, respond) => respond(500));
  await using hosting = await Hosting.start();
  await hosting.host('poisoned', { handlers: forwardTo(service.url) });
  await hosting.host('greeter');
  await hosting.say('poisoned', 'poison');
  const facts = await waitFor('the end of all tries', async () => {
    await hosting.advance(1_000);
    const known = hosting.port.facts.get('poisoned');
    return known?.counters.skipped === 1 && known;
  });
  expect(facts).toMatchObject({
    lifecycle: 'Running',
    counters: { updates: 1, handled: 0, skipped: 1 },
    lastError: {
      fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
      message: expect.stringContaining('status 500'),
    },
  });
  await hosting.confirmed('poisoned');
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
});

test('a chat that is stuck keeps the others waiting for a minute at most', async () => {
  await using service = await startForwardService((_, { message }, respond) => {
    if (message?.text === 'other') respond(200);
  });
  await using hosting = await Hosting.start();
  await hosting.host('busy', { handlers: forwardTo(service.url) });
  await hosting.polling('busy');
  for (let n = 0; n < 110; n++) await hosting.say('busy', `flood ${n}`, 'flooder');
  await hosting.say('busy', 'other', 'somebody');
  const factsOnce = (what: string, holds: (counters: Counters) => boolean) =>
    waitFor(what, async () => {
      await hosting.advance(1_000);
      const facts = hosting.port.facts.get('busy');
      return facts && holds(facts.counters) && facts;
    });
  await factsOnce('an answer to the other chat', ({ handled }) => handled === 1);
  // The other chat does not have to wait until the last of them is given up.
  const facts = await factsOnce('the end of the flood', ({ skipped }) => skipped >= 100);
  expect(facts.lastError?.message).toContain('kept all other chats waiting');
});

test('an answer that got lost is not sent twice: the update counts as failed', async () => {
  await using hosting = await Hosting.start();
  await hosting.host('greeter');
  await hosting.polling('greeter');
  await hosting.control.addFault({
    method: 'sendMessage',
    count: 1,
    effect: { kind: 'reset', when: 'after' },
  });
  await hosting.say('greeter', '/start');
  await hosting.facts('greeter', ({ counters }) => counters.skipped === 1);
  await hosting.confirmed('greeter');
  expect(await hosting.calls('greeter', 'sendMessage')).toBe(1);
});

test('handlers that cannot be made ready crash their bot until they can', async () => {
  await using hosting = await Hosting.start();
  const good = await hosting.host('keyless', { handlers: forwardTo('http://127.0.0.1:1') });
  await hosting.running('keyless');
  const bad = { ...good, generation: 2, signingKeys: new Map<number, Secret>() };

  // Running, it goes on with what it had, and says so.
  hosting.assign(bad);
  const facts = await hosting.facts('keyless', ({ lastError }) => lastError !== undefined);
  expect(facts).toMatchObject({
    lifecycle: 'Running',
    generation: 1,
    lastError: { message: expect.stringContaining('no key to sign with') },
  });

  // Starting, it has nothing to go on with.
  hosting.assign({ ...bad, epoch: 2 });
  await hosting.facts('keyless', ({ lifecycle }) => lifecycle === 'Crashed');
  hosting.assign({ ...good, epoch: 2, generation: 3 });
  await hosting.running('keyless');
});

test.each(['getMe', 'getUpdates', 'sendMessage'])(
  'a pause of years that Telegram asks for in answer to %s has an end, and the status says when',
  async (method) => {
    await using hosting = await Hosting.start();
    const effect = { kind: 'status', status: 429, retryAfterSeconds: 10 ** 9 } as const;
    await hosting.control.addFault({ method, count: 1, effect });
    await hosting.host('greeter');
    await hosting.say('greeter', '/start');
    const { lastError } = await hosting.facts('greeter', (facts) => facts.lastError !== undefined);
    const [, until = ''] = /after (\S+Z)\.$/.exec(lastError?.message ?? '') ?? [];
    const pauseMs = Date.parse(until) - Date.parse(lastError?.time ?? '');
    expect(pauseMs / 1_000).toBeCloseTo(3_600, -1);

    await hosting.advance(60_000);
    const counters = hosting.port.facts.get('greeter')?.counters;
    for (let minutes = 1; minutes < 59; minutes++) await hosting.advance(60_000);
    // Nothing happens meanwhile that would have to be told.
    expect(hosting.port.facts.get('greeter')).toMatchObject({ lastError, counters });
    await hosting.advance(120_000);
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
  },
);

test('a call that a forward service asked for and Telegram refused is one error', async () => {
  await using hosting = await Hosting.start();
  await using service = await startForwardService((_path, _update, respond) =>
    respond(200, { method: 'sendMessage', chat_id: 1, text: 'to nobody' }),
  );
  await hosting.host('echo', { handlers: forwardTo(service.url) });
  await hosting.say('echo', 'hello');
  const { counters } = await hosting.facts('echo', (facts) => facts.counters.skipped === 1);
  expect(counters).toMatchObject({ updates: 1, skipped: 1, errors: 1 });
});
