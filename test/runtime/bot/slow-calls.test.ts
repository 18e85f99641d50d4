import { expect, test } from 'vitest';
import { Hosting } from '../hosting.ts';

test('a call that takes Telegram long is told of in the log of its bot, others are not', async () => {
  await using hosting = await Hosting.start();
  await hosting.host('greeter');
  await hosting.running('greeter');
  const delay = { kind: 'delay', delayMs: 3_100 } as const;
  await hosting.control.addFault({ method: 'sendMessage', count: 1, effect: delay });
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
  await hosting.say('greeter', '/start', 'bea');
  await hosting.confirmed('greeter');
  const slow = hosting.log.split('\n').filter((line) => line.includes('a call was slow'));
  expect(slow.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 40, bot: 'default/greeter', method: 'sendMessage', tookMs: expect.any(Number) },
  ]);
});
