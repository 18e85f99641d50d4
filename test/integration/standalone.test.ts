import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TenantBot } from '../../src/api/tenant-bot.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { botWithSecret, makeFolder } from '../standalone/support.ts';
import { type Program, startProgram } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

/** Starts `tenantbot standalone` and waits for its ready line. */
async function standalone(folder: string, ...args: readonly string[]): Promise<Program> {
  const program = await startProgram([process.execPath, TENANTBOT, 'standalone', ...args], {
    cwd: folder,
    until: /^ready/m,
  });
  onTestFinished(async () => {
    await program.stop('SIGKILL');
  });
  return program;
}

async function getBot(folder: string, name: string): Promise<TenantBot> {
  const { out, err } = await tenantbot(folder, 'get', name, '-o', 'json');
  if (out === '') throw new Error(err);
  return JSON.parse(out) as TenantBot;
}

/** A folder with one bot in `bots/`. */
async function folderWithBot(reply = 'hello'): Promise<{ folder: string; file: string }> {
  const folder = await makeFolder();
  await mkdir(join(folder, 'bots'));
  const file = join(folder, 'bots', 'one.yaml');
  await writeFile(file, botWithSecret({ name: 'one', id: 11, reply }));
  return { folder, file };
}

test('without an argument it runs the samples, answers, and ends cleanly at Ctrl-C', async () => {
  const folder = await makeFolder();
  const program = await standalone(folder);
  expect(await tenantbot(folder, 'send', 'greeter', '/start')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Hello'),
  });
  expect(await tenantbot(folder, 'send', 'echo', 'say this back')).toMatchObject({
    code: 0,
    out: 'say this back\n',
  });
  const { out, err } = await tenantbot(folder, 'get');
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^broken-token +False +InvalidFormat/);
  expect(err).toContain('The token has no colon');
  const shards = await tenantbot(folder, 'shards', '--fleet', 'default');
  expect(shards.out).toMatch(/^default +0 +<none> +True +2 +<none> +<none>$/m);
  expect(await tenantbot(folder, 'send', 'broken-token', '/start')).toMatchObject({
    code: 1,
    err: expect.stringContaining('The token has no colon'),
  });

  const began = performance.now();
  // A terminal and npm both send one.
  void program.stop('SIGINT');
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  // 5 s, and what a busy machine adds.
  expect(performance.now() - began).toBeLessThan(8_000);
  expect((await tenantbot(folder, 'get')).err).toContain('no standalone runs');
});

test('killed with -9 it leaves no sample service behind', async () => {
  const folder = await makeFolder();
  const program = await standalone(folder, '--log-level', 'info');
  const [, address = ''] = /echo listens on (\S+?)[;"\s]/.exec(program.output) ?? [];
  expect((await fetch(address)).status).toBe(405);
  await program.stop('SIGKILL');
  await waitFor('the service to be gone', () =>
    fetch(address).then(
      () => false,
      () => true,
    ),
  );
});

test('it runs the samples against an emulator of its own over TLS', async () => {
  const folder = await makeFolder();
  const emulator = await startProgram(
    [
      process.execPath,
      TENANTBOT,
      'emulator',
      '--port=0',
      '--control-port=0',
      '--tls',
      '--ca-file=ca.pem',
    ],
    { cwd: folder, until: /^ready/m },
  );
  onTestFinished(async () => {
    await emulator.stop('SIGKILL');
  });
  const [, hint = ''] = /npm start -- (.*)/.exec(emulator.output) ?? [];
  expect(hint).toContain('--api-root https://');
  await standalone(folder, ...hint.split(' '));
  expect((await tenantbot(folder, 'send', 'greeter', '/start')).out).toContain('Hello');
});

test('a changed manifest is in effect within a second, a broken one changes nothing', async () => {
  const { folder, file } = await folderWithBot('first');
  await standalone(folder, '--manifests', 'bots');
  expect((await tenantbot(folder, 'send', 'one', '/start')).out).toBe('first\n');

  // As editors do: a new file takes the place of the old one.
  await writeFile(`${file}.new`, botWithSecret({ name: 'one', id: 11, reply: 'second' }));
  await rename(`${file}.new`, file);
  await waitFor(
    'the second generation',
    async () => (await getBot(folder, 'one')).metadata.generation === 2,
    { timeoutMs: 2_000 },
  );
  expect((await tenantbot(folder, 'send', 'one', '/start')).out).toBe('second\n');

  await writeFile(file, `${botWithSecret({ name: 'one', id: 11, reply: 'third' })}\n  bad: [`);
  const { err } = await waitFor('the problem', async () => {
    const got = await tenantbot(folder, 'get');
    return got.err.includes('one.yaml:') && got;
  });
  expect(err).toMatch(/bots\/one\.yaml:\d+:\d+: this is not YAML/);
  expect((await tenantbot(folder, 'send', 'one', '/start')).code).toBe(0);
});

test('open lets a browser in once, without a token being typed', async () => {
  const { folder } = await folderWithBot();
  await standalone(folder, '--manifests', 'bots');
  const { code, out } = await tenantbot(folder, 'open', '--print');
  expect(code).toBe(0);
  const address = out.trim();
  const opened = await fetch(address, { redirect: 'manual' });
  expect(opened.status).toBe(303);
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const bot = await fetch(new URL('/v1/bots/default/one', address), { headers: { cookie } });
  expect(await bot.json()).toMatchObject({ name: 'one' });
  expect((await fetch(address)).status).toBe(403);
});

test('after kill -9 the next one takes over and every bot is the same as before', async () => {
  const { folder } = await folderWithBot();
  const first = await standalone(folder, '--manifests', 'bots');
  await tenantbot(folder, 'send', 'one', '/start');
  const before = await waitFor('the counters on disk', async () => {
    const state = await readFile(join(folder, '.tenantbot', 'state.json'), 'utf8');
    return state.includes('"replies":1') && getBot(folder, 'one');
  });
  await first.stop('SIGKILL');
  await standalone(folder, '--manifests', 'bots');
  const after = await getBot(folder, 'one');
  expect(after.metadata).toEqual(before.metadata);
  expect(after.status?.counters?.replies).toBe(1);
  expect(after.status?.placement).toEqual(before.status?.placement);
});

test('a second standalone on the same data folder is refused and names the first', async () => {
  const { folder } = await folderWithBot();
  await standalone(folder, '--manifests', 'bots');
  const { pid } = JSON.parse(
    await readFile(join(folder, '.tenantbot', 'standalone.json'), 'utf8'),
  ) as { pid: number };
  expect(await tenantbot(folder, 'standalone', '--manifests', 'bots')).toMatchObject({
    code: 1,
    err: expect.stringMatching(new RegExp(`in use by another standalone \\(process ${pid}\\)`)),
  });
  const mode = (await stat(join(folder, '.tenantbot', 'standalone.json'))).mode & 0o777;
  expect(mode).toBe(0o600);
});

test('a port in use and a data folder that cannot be used are said in words', async () => {
  const { folder } = await folderWithBot();
  await writeFile(join(folder, 'file'), '');
  expect(await tenantbot(folder, 'standalone', '--data', 'file/data')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is a file where a folder is needed'),
  });
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const args = ['--manifests', 'bots', '--port', String(port)];
  expect(await tenantbot(folder, 'standalone', ...args)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`127.0.0.1:${port}: the port is in use`),
  });
});

test('a chat from a script prints every answer and ends with its input', async () => {
  const { folder } = await folderWithBot('hello');
  await standalone(folder, '--manifests', 'bots');
  const child = spawn(process.execPath, [TENANTBOT, 'chat', 'one'], { cwd: folder });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stdin.end('/start\n/start\n');
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  expect({ code, out }).toEqual({ code: 0, out: 'one: hello\none: hello\n' });
});

test('a chat with a bot that is not there says so and fails', async () => {
  const { folder } = await folderWithBot();
  await standalone(folder, '--manifests', 'bots');
  const child = spawn(process.execPath, [TENANTBOT, 'chat', 'two'], { cwd: folder });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/^tenantbot: there is no TenantBot default\/two;/),
  });
});

test('takes webhooks where its fleet has an address for them', async () => {
  const { folder } = await folderWithBot();
  const port = await freePort();
  const fleet = {
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'BotFleet',
    metadata: { name: 'default' },
    spec: { webhook: { publicUrl: `http://127.0.0.1:${port}/hooks` } },
  };
  await writeFile(join(folder, 'bots', 'fleet.json'), JSON.stringify(fleet));
  await standalone(folder, '--manifests', 'bots', '--webhook-port', String(port));
  await waitFor('the webhook', async () => {
    const { status } = await getBot(folder, 'one');
    return status?.conditions?.some(
      ({ type, status }) => type === 'WebhookReady' && status === 'True',
    );
  });
  expect((await getBot(folder, 'one')).status?.updates).toEqual({
    mode: 'Webhook',
    webhookUrl: `http://127.0.0.1:${port}/hooks/0/…`,
  });
  expect(await tenantbot(folder, 'send', 'one', '/start')).toMatchObject({ out: 'hello\n' });
  const { out } = await tenantbot(folder, 'get');
  expect(out).toContain('Webhook');
});
