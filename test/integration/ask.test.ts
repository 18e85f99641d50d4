import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { botWithSecret, makeFolder, tokenOf } from '../standalone/support.ts';
import { startProgram } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

test('tokens are checked, breakers reset and bots started anew while a standalone runs', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const telegram = new EmulatorClient(emulator.controlUrl);
  const folder = await makeFolder();
  await mkdir(join(folder, 'bots'));
  const names = ['one', 'two', 'three'];
  for (const [index, name] of names.entries()) {
    const text = botWithSecret({ name, id: 11 + index });
    await writeFile(join(folder, 'bots', `${name}.yaml`), text);
  }
  expect((await tenantbot(folder, 'token', 'check', 'one')).err).toContain('no standalone runs');
  const program = await startProgram(
    [
      process.execPath,
      TENANTBOT,
      'standalone',
      '--manifests=bots',
      `--api-root=${emulator.apiRoot}`,
      `--emulator-control=${emulator.controlUrl}`,
    ],
    { cwd: folder, until: /^ready/m },
  );
  onTestFinished(async () => {
    await program.stop('SIGKILL');
  });
  const ask = (...words: readonly string[]) => tenantbot(folder, ...words);

  expect(await ask('token', 'check', 'one')).toEqual({
    code: 0,
    out: 'default/one   Valid   @one_bot\n',
    err: '',
  });
  const getMes = async (name: string): Promise<number> =>
    (await telegram.calls({ bot: `${name}_bot`, method: 'getMe' })).length;
  expect(await getMes('one')).toBe(2);

  // A token that Telegram refuses from now on, though nobody has noticed yet.
  await telegram.addFault({
    bot: 'two_bot',
    method: 'getMe',
    effect: { kind: 'status', status: 401, description: 'Unauthorized' },
  });
  const all = await ask('token', 'check', '--all', '--concurrency', '2');
  expect(all).toMatchObject({ code: 1, err: 'tenantbot: 3 bots: 2 Valid, 1 Unauthorized\n' });
  expect(all.out).toMatch(/default\/two +Unauthorized +Telegram does not accept the token/);
  await telegram.clearFaults();
  await waitFor('the bot to be back', async () => (await ask('token', 'check', 'two')).code === 0);

  const restarted = await getMes('three');
  expect(await ask('restart', 'three')).toMatchObject({ code: 0, err: '' });
  await waitFor('the start', async () => (await getMes('three')) === restarted + 1);
  expect(await ask('breaker', 'reset', '-A')).toMatchObject({
    code: 0,
    out: expect.stringContaining('3 bots: 3 Closed'),
  });
  for (const text of [all.out, all.err, program.output]) {
    expect(text).not.toContain(tokenOf(12).split(':')[1]);
  }
});
