import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../src/emulator/emulator.ts';
import { botYaml, makeFolder, secretYaml, tokenOf } from '../standalone/support.ts';
import { type Program, startProgram } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

const CODE = /Ownership:\s+send (\S+) to the bot/;

async function start(folder: string, emulator: RunningEmulator): Promise<Program> {
  const command = [process.execPath, TENANTBOT, 'standalone', '--manifests', 'bots'];
  const program = await startProgram([...command, '--api-root', emulator.apiRoot], {
    cwd: folder,
    until: /^ready/m,
  });
  onTestFinished(async () => {
    await program.stop('SIGKILL');
  });
  return program;
}

test('the owner is found once, and known after a restart and with another token', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const control = new EmulatorClient(emulator.controlUrl);
  const token = tokenOf(7);
  await control.createBot({ token, username: 'shop_bot' });
  const olga = await control.createUser({ firstName: 'Olga' });
  const say = (text: string) => control.sendText({ bot: 7, from: olga.id, text });
  const hello = { kind: 'calls', bot: 7, method: 'sendMessage', text: 'hello' } as const;

  const folder = await makeFolder();
  const write = (secret: string): void => {
    const bot = botYaml({ name: 'shop', spec: '  ownership: {required: true}' });
    writeFileSync(
      join(folder, 'bots', 'shop.yaml'),
      `${bot}\n---\n${secretYaml({ name: 'shop', token: secret })}`,
    );
  };
  mkdirSync(join(folder, 'bots'));
  write(token);
  const described = async (pattern: RegExp): Promise<string> =>
    waitFor(`${pattern} in the description`, async () => {
      const { out } = await tenantbot(folder, 'describe', 'shop');
      return pattern.exec(out)?.at(-1);
    });

  const program = await start(folder, emulator);
  const code = await described(CODE);
  expect(await described(/OwnershipVerified\s+False\s+(\S+)/)).toBe('CodePending');
  expect(await described(/Ready\s+False\s+(\S+)/)).toBe('NotVerified');
  await say(code);
  await described(new RegExp(`verified by Telegram user ${olga.id} at \\d`));
  await program.stop('SIGTERM');

  await start(folder, emulator);
  await say('/start');
  expect(await control.waitFor(hello)).toMatchObject({ met: true });
  await described(new RegExp(`verified by Telegram user ${olga.id} at \\d`));

  write(await control.reissueToken(7));
  await control.waitFor({ kind: 'polling', bot: 7 });
  await say('/start');
  expect(await control.waitFor({ ...hello, count: 2 })).toMatchObject({ met: true });
  await described(/OwnershipVerified\s+True\s+(\S+)/);
}, 60_000);
