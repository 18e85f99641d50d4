import { expect, test } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import { waitFor } from '../support/wait.ts';
import { Hosting } from './hosting.ts';

/** The handlers of `assignment` replaced, as another generation. */
function withHandlers(
  assignment: Awaited<ReturnType<Hosting['host']>>,
  handlers: (typeof assignment)['spec']['handlers'],
) {
  const spec = { ...assignment.spec, handlers };
  return { ...assignment, generation: assignment.generation + 1, spec };
}

const answer = (text: string) =>
  [{ command: { name: 'start', reply: { text, parseMode: 'None' } } }] as const;

test.each([
  ['HTTP', {}],
  ['HTTPS', { tls: 'self-signed' }],
  ['HTTP/2', { tls: 'self-signed', http2: true, maxStreams: 8 }],
] as const)('many bots answer over %s', async (_, emulator) => {
  await using hosting = await Hosting.start({ emulator });
  const names = Array.from({ length: 40 }, (_, index) => `b${index}`);
  for (const name of names) await hosting.host(name);
  for (const name of names) await hosting.polling(name);
  for (const name of names) await hosting.say(name, '/start');
  for (const name of names) await hosting.answered(name, `I am ${name}`);
  for (const name of names) await hosting.confirmed(name);
  expect(await hosting.facts('b7', ({ counters }) => counters.replies === 1)).toMatchObject({
    lifecycle: 'Running',
    token: { state: 'Valid' },
    bot: { username: 'b7_bot' },
    counters: { updates: 1, handled: 1, skipped: 0, errors: 0 },
  });
});

test('other handlers are in effect at once, without interrupting the poll', async () => {
  await using hosting = await Hosting.start();
  const greeter = await hosting.host('greeter');
  await hosting.polling('greeter');
  hosting.assign(withHandlers(greeter, [...answer('Changed')]));
  await hosting.facts('greeter', ({ generation }) => generation === 2);
  expect(await hosting.calls('greeter', 'getUpdates')).toBe(1);
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'Changed');
});

test('other kinds of update are asked for at once, without a restart', async () => {
  await using hosting = await Hosting.start();
  const greeter = await hosting.host('greeter');
  await hosting.polling('greeter');
  const { spec } = greeter;
  const updates = { ...spec.updates, allowedUpdates: ['callback_query' as const] };
  hosting.assign({ ...greeter, generation: 2, spec: { ...spec, updates } });
  await waitFor(
    'the second poll',
    async () => (await hosting.calls('greeter', 'getUpdates')) === 2,
  );
  expect(await hosting.say('greeter', '/start')).toBe(0);
  expect(await hosting.calls('greeter', 'getMe')).toBe(1);
});

test('the same assignment again changes nothing', async () => {
  await using hosting = await Hosting.start();
  await hosting.host('greeter');
  await hosting.polling('greeter');
  const before = hosting.port.facts.get('greeter');
  hosting.publish();
  await hosting.host('later');
  await hosting.polling('later');
  expect(hosting.port.facts.get('greeter')).toBe(before);
  expect(await hosting.calls('greeter', 'getUpdates')).toBe(1);
});

test('a new token restarts its own bot alone', async () => {
  await using hosting = await Hosting.start();
  await hosting.host('neighbour');
  const greeter = await hosting.host('greeter');
  await hosting.polling('greeter');
  await hosting.polling('neighbour');
  const token = await hosting.control.reissueToken('greeter_bot');
  hosting.assign({ ...greeter, token: new Secret(token) });
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
  expect(await hosting.calls('neighbour', 'getUpdates')).toBe(1);
});

test('a bot that is gone stops, a bot that comes back starts', async () => {
  await using hosting = await Hosting.start();
  const greeter = await hosting.host('greeter');
  await hosting.host('neighbour');
  await hosting.polling('greeter');
  hosting.bots.delete('greeter');
  hosting.publish();
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Stopped');
  await hosting.say('greeter', '/start');
  await hosting.say('neighbour', '/start');
  await hosting.answered('neighbour', 'I am neighbour');
  expect((await hosting.control.bot('greeter_bot')).pendingUpdates).toBe(1);
  hosting.assign(greeter);
  await hosting.answered('greeter', 'I am greeter');
});

test('bots follow the fleet to another Bot API server', async () => {
  await using before = await Hosting.start();
  await using after = await Hosting.start();
  const { token } = await before.host('greeter');
  await after.control.createBot({ username: 'greeter_bot', token: token.reveal() });
  await before.polling('greeter');
  before.telegram = after.telegram;
  before.publish();
  await after.polling('greeter');
  await after.say('greeter', '/start');
  await after.answered('greeter', 'I am greeter');
});

test('a bot waits out that nobody is there, says so, and starts by itself', async () => {
  await using hosting = await Hosting.start();
  const { telegram } = hosting;
  hosting.telegram = { ...telegram, apiRoot: 'http://127.0.0.1:1' };
  await hosting.host('greeter');
  const facts = await hosting.facts('greeter', ({ token }) => token.state === 'NetworkError');
  expect(facts).toMatchObject({
    lifecycle: 'Starting',
    token: { message: expect.stringContaining('cannot be reached') },
  });
  hosting.telegram = telegram;
  hosting.publish();
  await hosting.running('greeter');
});

test('no token is ever shown', async () => {
  await using hosting = await Hosting.start();
  const { token } = await hosting.host('greeter');
  await hosting.polling('greeter');
  for (const kind of ['reset', 'hang'] as const) {
    await hosting.control.addFault({ method: 'sendMessage', count: 1, effect: { kind } });
  }
  await hosting.say('greeter', '/start');
  await hosting.facts('greeter', ({ counters }) => counters.errors > 0);
  hosting.telegram = { ...hosting.telegram, apiRoot: `${hosting.emulator.apiRoot}/nowhere` };
  hosting.publish();
  await hosting.facts('greeter', (facts) => facts.token.state === 'UnknownError');
  await hosting.stop();
  const secret = token.reveal().slice(token.reveal().indexOf(':') + 1);
  expect(hosting.log).not.toContain(secret);
  expect(JSON.stringify([...hosting.port.facts])).not.toContain(secret);
  expect(hosting.log).toContain('greeter');
});
