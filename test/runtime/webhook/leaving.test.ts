import { expect, test } from 'vitest';
import { botAssignment } from '../../support/assignments.ts';
import { Hosting } from '../hosting.ts';
import { hostEcho, meddle } from './echo-bot.ts';

test('a bot that leaves takes its webhook back, and a runtime that ends does not', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  hosting.bots.clear();
  hosting.publish();
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Stopped');
  expect((await meddle(hosting, bot, 'getWebhookInfo')).url).toBe('');
  await hosting.say('echo', '/echo meanwhile');
  await hosting.advance(2_000);
  hosting.assign({ ...bot, epoch: 2 });
  await hosting.answered('echo', 'meanwhile');
  await hosting.stop();
  expect((await meddle(hosting, bot, 'getWebhookInfo')).url).toContain('/hooks/');
});

test('a bot that crashed and leaves takes its webhook back, too', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  const forward = { url: 'http://127.0.0.1:1', signingSecretRef: { name: 'key' } };
  const { spec } = botAssignment({ name: 'echo', token: '', handlers: [{ forward }] });
  hosting.assign({ ...bot, generation: 2, spec, requests: { restart: 'now' } });
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Crashed');
  expect((await meddle(hosting, bot, 'getWebhookInfo')).url).toContain('/hooks/');
  hosting.bots.clear();
  hosting.publish();
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Stopped');
  expect((await meddle(hosting, bot, 'getWebhookInfo')).url).toBe('');
});

test('a bot whose token is in doubt leaves without a word', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const bot = await hostEcho(hosting);
  await hosting.control.revokeToken('echo_bot');
  hosting.assign({ ...bot, requests: { checkToken: 'now' } });
  await hosting.facts('echo', ({ token }) => token.state === 'Unauthorized');
  const before = await hosting.control.lastCallSeq();
  hosting.bots.clear();
  hosting.publish();
  await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Stopped');
  expect(await hosting.control.calls({ since: before })).toEqual([]);
});
