import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { makeFolder, tokenOf } from '../standalone/support.ts';
import { type Respond, startForwardService } from '../support/forward-service.ts';
import { startProgram } from '../support/program.ts';
import { TENANTBOT } from '../support/tenantbot.ts';

const TOKEN = tokenOf(11);

/** A bot that forwards everything to `url`. */
const manifest = (url: string): string => `
apiVersion: tenantbot.dev/v1alpha1
kind: TenantBot
metadata: {name: slow}
spec:
  tokenSecretRef: {name: slow}
  handlers: [{forward: {url: "${url}", signingSecretRef: {name: slow}}}]
---
apiVersion: v1
kind: Secret
metadata: {name: slow}
stringData: {token: "${TOKEN}", signingKey: a signing key for tests}
`;

test('Ctrl-C waits for an update in hand: it is answered and confirmed, once', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const control = new EmulatorClient(emulator.controlUrl);
  const asked = Promise.withResolvers<{ chatId: number; respond: Respond }>();
  await using service = await startForwardService((_path, { message }, respond) =>
    asked.resolve({ chatId: message?.chat.id ?? 0, respond }),
  );
  const folder = await makeFolder();
  await mkdir(join(folder, 'bots'));
  await writeFile(join(folder, 'bots', 'slow.yaml'), manifest(service.url));
  const args = ['--api-root', emulator.apiRoot, '--emulator-control', emulator.controlUrl];
  const program = await startProgram(
    [process.execPath, TENANTBOT, 'standalone', '--manifests', 'bots', ...args],
    { cwd: folder, until: /^ready/m },
  );
  onTestFinished(async () => void (await program.stop('SIGKILL')));

  const user = await control.createUser({ firstName: 'Ann' });
  await control.sendText({ bot: 11, from: user.id, text: 'take your time' });
  const { chatId, respond } = await asked.promise;
  const stopped = program.stop('SIGINT');
  await program.says(/Stopping/);
  respond(200, { method: 'sendMessage', chat_id: chatId, text: 'at last' });

  expect(await stopped).toEqual({ code: 0, signal: null });
  expect(await control.calls({ bot: 11, method: 'sendMessage' })).toMatchObject([
    { parameters: { text: 'at last' }, outcome: { ok: true } },
  ]);
  expect(await control.updates({ bot: 11 })).toMatchObject([
    { fate: 'confirmed', deliveryCount: 1 },
  ]);
});
