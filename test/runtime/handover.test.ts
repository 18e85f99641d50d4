import { expect, test } from 'vitest';
import { NOTHING_DONE } from '../../src/api/runtime-facts.ts';
import { present } from '../../src/lib/present.ts';
import { waitFor } from '../support/wait.ts';
import { Hosting } from './hosting.ts';

const { counters } = NOTHING_DONE;

test('out of contact, a bot that somebody else polls is left to them until it is handed out anew', async () => {
  await using hosting = await Hosting.start();
  const { token } = await hosting.host('greeter');
  await hosting.polling('greeter');
  hosting.port.contact = false;
  const calls = await hosting.calls('greeter', 'getUpdates');
  const next = fetch(`${hosting.emulator.apiRoot}/bot${token.reveal()}/getUpdates?timeout=1`);
  await waitFor('the bot to be given up', () => hosting.port.yielded.join() === 'greeter');
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Stopped');
  expect(hosting.port.gone).toMatchObject([{ uid: 'greeter', epoch: 1 }]);
  expect(hosting.port.facts.get('greeter')?.conflict).toBeUndefined();
  await (await next).text();
  await hosting.advance(10_000);
  expect(await hosting.calls('greeter', 'getUpdates')).toBe(calls + 1);

  hosting.port.contact = true;
  hosting.publish();
  await hosting.polling('greeter');
});

test('out of contact, a webhook that somebody else has set is left to them', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  const { token } = await hosting.host('greeter');
  await hosting.facts('greeter', ({ updates }) => updates.mode === 'Webhook');
  hosting.port.contact = false;
  const url = 'http://127.0.0.1:9/next';
  await hosting.advance(2_000);
  const api = `${hosting.emulator.apiRoot}/bot${token.reveal()}`;
  await fetch(`${api}/setWebhook?url=${url}`);
  await waitFor('the bot to be given up', async () => {
    await hosting.advance(5_000);
    return hosting.port.yielded.join() === 'greeter';
  });
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Stopped');
  const { result } = (await (await fetch(`${api}/getWebhookInfo`)).json()) as {
    result: { url: string };
  };
  expect(result.url).toBe(url);
});

test('nothing is answered twice after a move whose last confirmation was lost', async () => {
  await using hosting = await Hosting.start();
  const greeter = await hosting.host('greeter');
  await hosting.polling('greeter');
  const cut = await hosting.control.addFault({
    method: 'getUpdates',
    effect: { kind: 'reset', when: 'before' },
  });
  const id = await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
  hosting.bots.clear();
  hosting.publish();
  await waitFor('its end', async () => {
    await hosting.advance(100);
    return hosting.port.gone.length > 0;
  });
  expect(hosting.port.gone).toEqual([{ uid: 'greeter', epoch: 1, offset: id + 1 }]);

  await hosting.control.removeFault(cut.id);
  const { offset = 0 } = hosting.port.gone[0] ?? {};
  hosting.assign({ ...greeter, epoch: 2, resume: { counters, offset } });
  await hosting.confirmed('greeter');
  await hosting.polling('greeter');
  expect(await hosting.calls('greeter', 'sendMessage')).toBe(1);
});

test('a runtime that ends tells where each bot has ended', async () => {
  await using hosting = await Hosting.start();
  await hosting.host('greeter');
  await hosting.polling('greeter');
  const id = await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
  await hosting.stop();
  expect(hosting.port.gone).toEqual([{ uid: 'greeter', epoch: 1, offset: id + 1 }]);
});

test('a bot that another runtime has taken over is let go of without a word to Telegram', async () => {
  await using hosting = await Hosting.start({ webhook: true });
  await hosting.host('greeter');
  await hosting.facts('greeter', ({ updates }) => updates.mode === 'Webhook');
  hosting.bots.clear();
  hosting.publish({ superseded: true });
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Stopped');
  expect(await hosting.calls('greeter', 'deleteWebhook')).toBe(0);
});

test('a pause that polls were asked for is kept by whoever runs the bot next', async () => {
  await using hosting = await Hosting.start();
  const effect = { kind: 'status', status: 429, retryAfterSeconds: 30 } as const;
  await hosting.control.addFault({ method: 'getUpdates', count: 1, effect });
  const greeter = await hosting.host('greeter');
  const { cooldown, chatCooldowns } = await hosting.facts('greeter', (told) => !!told.cooldown);
  expect(chatCooldowns).toEqual([{ of: 'getUpdates', ...cooldown }]);
  const [refused] = await hosting.control.calls({ bot: 'greeter_bot', method: 'getUpdates' });
  hosting.bots.clear();
  hosting.publish();
  await waitFor('its end', () => hosting.port.gone.length > 0);
  const since = await hosting.control.lastCallSeq();
  const told = present({ cooldown, chatCooldowns });
  hosting.assign({ ...greeter, epoch: 2, resume: { counters, ...told } });
  await waitFor('polls', async () => {
    await hosting.advance(1_000);
    return (await hosting.calls('greeter', 'getUpdates')) > 1;
  });
  const [first] = await hosting.control.calls({ bot: 'greeter_bot', since });
  expect(first?.method).toBe('getMe');
  expect((first?.startedAtMs ?? 0) - (refused?.endedAtMs ?? 0)).toBeGreaterThanOrEqual(30_000);
});
