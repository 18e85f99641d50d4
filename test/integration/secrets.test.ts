import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { botYaml, makeFolder, secretYaml } from '../standalone/support.ts';
import { type Program, startProgram } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

/** In every secret that this test makes; found nowhere else. */
const CANARY = 'CaNaRy';

function token(id: number): string {
  return `${id}:${CANARY}-${'x'.repeat(30)}-${CANARY}`;
}

/** A bot that hands every message to `url`, with a secret signing key. */
function forwardingBot(name: string, id: number, url: string): string {
  return `apiVersion: tenantbot.dev/v1alpha1
kind: TenantBot
metadata: {name: ${name}}
spec:
  tokenSecretRef: {name: ${name}}
  logLevel: debug
  handlers:
    - forward: {url: "${url}", signingSecretRef: {name: ${name}}, timeoutSeconds: 1}
---
apiVersion: v1
kind: Secret
metadata: {name: ${name}}
stringData: {token: "${token(id)}", signingKey: "${CANARY} signing key"}
`;
}

/** A service that answers with whatever secrets it was sent, in every way it can. */
async function tellTale(): Promise<string> {
  const server = createServer((request, response) => {
    const said = `${token(7)} ${JSON.stringify(request.headers)}`;
    response.writeHead(500, { 'x-secret': token(7), 'content-type': 'text/plain' }).end(said);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const MANIFESTS: Record<string, (urls: { tellTale: string }) => string> = {
  'good.yaml': () =>
    `${botYaml({ name: 'good', spec: '  logLevel: debug\n  breaker: {failureThreshold: 100}' })}\n---\n${secretYaml({ name: 'good', token: token(1) })}`,
  'twin.yaml': () =>
    `${botYaml({ name: 'twin' })}\n---\n${secretYaml({ name: 'twin', token: token(1) })}`,
  'no-colon.yaml': () =>
    `${botYaml({ name: 'no-colon' })}\n---\n${secretYaml({ name: 'no-colon', token: `${CANARY}-without-colon` })}`,
  'too-short.yaml': () =>
    `${botYaml({ name: 'too-short' })}\n---\n${secretYaml({ name: 'too-short', token: `5:${CANARY}` })}`,
  'odd.yaml': () =>
    `${botYaml({ name: 'odd' })}\n---\n${secretYaml({ name: 'odd', token: `5:${CANARY} ${'x'.repeat(40)}` })}`,
  'revoked.yaml': () =>
    `${botYaml({ name: 'revoked' })}\n---\n${secretYaml({ name: 'revoked', token: token(2) })}`,
  'wrong-key.yaml': () =>
    `${botYaml({ name: 'wrong-key' })}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: wrong-key}\nstringData: {tokn: "${token(3)}"}\n`,
  'bad-field.yaml': () =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: bad-field}\nstringdata: {token: "${token(4)}"}\n`,
  'bad-type.yaml': () =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: bad-type}\ndata: {token: "not base64 ${CANARY}"}\n`,
  'broken.yaml': () =>
    `apiVersion: v1\nkind: Secret\nstringData:\n  token: "${token(5)}\n   - {${CANARY}`,
  'binary.yaml': () =>
    `${botYaml({ name: 'binary' })}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: binary}\ndata: {token: ${Buffer.from([0xff, 0xfe, ...Buffer.from(CANARY)]).toString('base64')}}\n`,
  'told.yaml': (urls) => forwardingBot('told', 7, urls.tellTale),
  'unreachable.yaml': () => forwardingBot('unreachable', 8, 'http://127.0.0.1:9/'),
};

async function outputOf(folder: string, ...args: string[]): Promise<string> {
  const { out, err } = await tenantbot(folder, ...args);
  return out + err;
}

async function startStandalone(folder: string, args: readonly string[]): Promise<Program> {
  const command = [process.execPath, TENANTBOT, 'standalone', '--manifests', 'bots'];
  const program = await startProgram([...command, '--log-level', 'debug', ...args], {
    cwd: folder,
    until: /^ready/m,
  });
  onTestFinished(async () => {
    await program.stop('SIGKILL');
  });
  return program;
}

test('no secret shows, whatever fails', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const control = new EmulatorClient(emulator.controlUrl);
  const folder = await makeFolder();
  const urls = { tellTale: await tellTale() };
  mkdirSync(join(folder, 'bots'));
  for (const [name, content] of Object.entries(MANIFESTS)) {
    writeFileSync(join(folder, 'bots', name), content(urls));
  }
  const program = await startStandalone(folder, [
    '--api-root',
    emulator.apiRoot,
    '--emulator-control',
    emulator.controlUrl,
  ]);
  await control.revokeToken(2);

  // Telegram and what stands before it say all that they know.
  await control.addFault({
    bot: 1,
    method: 'sendMessage',
    count: 1,
    effect: { kind: 'not-ok', description: `no: ${token(1)}` },
  });
  await control.addFault({
    bot: 1,
    method: 'getUpdates',
    count: 2,
    effect: { kind: 'status', status: 500, description: token(1) },
  });
  await control.addFault({
    bot: 1,
    method: 'getUpdates',
    count: 1,
    effect: { kind: 'html', status: 502 },
  });
  await control.addFault({
    bot: 1,
    method: 'getUpdates',
    count: 1,
    effect: { kind: 'reset', when: 'before' },
  });
  await control.addFault({ bot: 1, method: 'getUpdates', count: 1, effect: { kind: 'truncate' } });
  const user = await control.createUser({ firstName: 'Ann', username: 'ann' });
  for (const bot of [1, 7, 8]) await control.sendText({ bot, from: user.id, text: '/start' });
  await control.sendText({ bot: 1, from: user.id, text: `/start ${token(1)}` });

  const failed = (name: string) => new RegExp(`gave up.*${name}|${name}.*gave up`);
  await waitFor(
    'both forwards to be given up',
    () =>
      failed('default/told').test(program.output) &&
      failed('default/unreachable').test(program.output),
    { timeoutMs: 60_000 },
  );
  const status = { timeoutMs: 60_000 };
  const { met } = await control.waitFor({ kind: 'confirmed', bot: 1 }, status);
  expect(met).toBe(true);

  const names = readdirSync(join(folder, 'bots')).map((file) => file.replace('.yaml', ''));
  const shown = [
    program.output,
    await outputOf(folder, 'get', '-o', 'wide'),
    await outputOf(folder, 'get', '-o', 'yaml'),
    await outputOf(folder, 'get', '-o', 'json'),
    ...(await Promise.all(names.map((name) => outputOf(folder, 'describe', name)))),
    await outputOf(folder, 'send', 'told', 'hi', '--timeout', '1s'),
    JSON.stringify([
      await control.calls(),
      await control.updates(),
      await control.bots(),
    ]).replaceAll(`/start ${token(1)}`, ''),
  ];
  await program.stop('SIGTERM');
  for (const file of readdirSync(join(folder, '.tenantbot'))) {
    shown.push(readFileSync(join(folder, '.tenantbot', file), 'utf8'));
  }
  shown.push(program.output);

  expect(shown.join('\n')).toContain('InvalidFormat');
  for (const text of shown) expect(text).not.toContain(CANARY);
});

test('a token typed into a setting does not come back in the complaint', async () => {
  const folder = await makeFolder();
  const shown = [
    await outputOf(folder, 'standalone', '--api-root', `ftp://example.com/bot${token(9)}`),
    await outputOf(folder, 'standalone', `--${token(9)}`),
    await outputOf(folder, 'get', token(9), '--data', token(9)),
    await outputOf(folder, token(9)),
  ];
  for (const text of shown) {
    expect(text).not.toBe('');
    expect(text).not.toContain(CANARY);
  }
});
