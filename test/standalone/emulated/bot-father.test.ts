import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../../src/emulator/control-client.ts';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { BotFather, usernameFor } from '../../../src/standalone/emulated/bot-father.ts';
import { makeLog, tokenOf } from '../support.ts';

describe('BotFather', () => {
  async function open() {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    const client = new EmulatorClient(emulator.controlUrl);
    return { client, emulator, make: () => new BotFather(client, makeLog().log) };
  }

  const bot = (key: `${string}/${string}`, botId: number) => ({
    key,
    botId,
    token: new Secret(tokenOf(botId)),
  });

  test('makes tokens known under names made from the bots’ own', async () => {
    const { client, make } = await open();
    const bots = [bot('default/greeter', 1), bot('other/greeter', 2), bot('x/greeter', 3)];
    expect(await make().introduce(bots)).toBe(true);
    expect((await client.bots()).map(({ username }) => username)).toEqual([
      'greeter_bot',
      'greeter_other_bot',
      'greeter_x_bot',
    ]);
  });

  test('a revoked token stays revoked, however often it is introduced', async () => {
    const { client, emulator, make } = await open();
    await make().introduce([bot('default/a', 1)]);
    await client.revokeToken(1);
    const father = make();
    expect(await father.introduce([bot('default/a', 1)])).toBe(true);
    father.forget(1);
    expect(await father.introduce([bot('default/a', 1)])).toBe(true);
    const answer = await fetch(`${emulator.apiRoot}/bot${tokenOf(1)}/getMe`);
    expect(answer.status).toBe(401);
  });

  test('says that it must be tried again while the emulator is away', async () => {
    const { emulator, make } = await open();
    await emulator.close();
    expect(await make().introduce([bot('default/a', 1)])).toBe(false);
  });
});

test('every name becomes a username that Telegram would take', () => {
  expect(usernameFor('greeter')).toBe('greeter_bot');
  expect(usernameFor('my-shop.bot')).toBe('my_shop_bot');
  expect(usernameFor('7-up')).toBe('up_bot');
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?$/), (name) => {
      expect(usernameFor(name)).toMatch(/^[A-Za-z][A-Za-z0-9_]{1,28}bot$/);
    }),
  );
});
