import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readEndpoint } from '../../src/standalone/data/endpoint-file.ts';
import { botWithSecret, makeFolder } from '../standalone/support.ts';
import { startProgram } from '../support/program.ts';
import { EmbeddedHistory } from '../support/standalone-history.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';

// Some forty commands, one after the other.
const timeout = 300_000;

test('commands see, change and examine a standalone, and ask its admin API as they would an operator', {
  timeout,
}, async () => {
  const folder = await makeFolder();
  // Of root's folders others see nothing, and Postgres never runs as root.
  await chmod(folder, 0o711);
  const file = join(folder, 'bots', 'one.yaml');
  await mkdir(join(folder, 'bots'));
  await writeFile(file, botWithSecret({ name: 'one', id: 11, reply: 'hello' }));
  const data = join(folder, '.tenantbot');
  const history = new EmbeddedHistory(data);
  onTestFinished(() => history.kill());
  const program = await startProgram(
    [process.execPath, TENANTBOT, 'standalone', '--manifests=bots'],
    { cwd: folder, env: { TENANTBOT_HISTORY: '' }, until: /^ready/m, timeoutMs: 60_000 },
  );
  onTestFinished(async () => {
    await program.stop('SIGKILL');
  });
  const ask = (...words: readonly string[]) => tenantbot(folder, ...words);

  expect((await ask('send', 'one', '/start')).out).toBe('hello\n');
  expect((await ask('status')).out).toMatch(/^Bots: +1, 1 of them ready\n/);
  expect((await ask('top')).out).toMatch(/^default +one +1 /m);
  expect((await ask('get', '-l', 'team', '-o', 'name')).out).toBe('');
  expect((await ask('__complete', '--', 'describe', '')).out).toBe('one\n:4\n');

  expect(await ask('suspend', 'one')).toMatchObject({
    code: 0,
    out: 'tenantbot.tenantbot.dev/one suspended\n',
  });
  expect(await readFile(file, 'utf8')).toContain('suspended: true');
  expect((await ask('resume', '--all')).out).toBe('tenantbot.tenantbot.dev/one resumed\n');
  await waitFor(
    'it to run again',
    async () => (await ask('status')).out.includes('1 of them ready'),
    {
      timeoutMs: 30_000,
      intervalMs: 250,
    },
  );

  const found = await waitFor(
    'all to be well',
    async () => {
      const { code, out } = await ask('doctor');
      return code === 0 && out;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  expect(found).toMatch(/^ok +process: Process \d+ runs, and answers\.$/m);

  const endpoint = await readEndpoint(data);
  const url = endpoint?.adminUrl ?? '';
  const token = endpoint?.token.reveal() ?? '';
  await ask('persist', 'one');
  await waitFor(
    'both to tell the same of the past',
    async () => {
      const kinds = [['history', 'one'], ['usage', 'one'], ['errors', 'one'], ['incidents']];
      for (const words of kinds) {
        const local = await ask(...words, '-o', 'json');
        const admin = await ask(...words, '-o', 'json', '--admin-url', url, '--token', token);
        expect({ words, code: admin.code, err: admin.err }).toEqual({ words, code: 0, err: '' });
        if (admin.out !== local.out) return false;
      }
      return true;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  const audit = await waitFor(
    'the audit log',
    async () => {
      const { out } = await ask('audit', '-o', 'csv');
      return out.includes('suspend') && out.includes('resume') && out;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  expect(audit).toMatch(/^AT,ACTOR,ACTION,NAMESPACE,OBJECT,DETAIL/);
  const refused = await ask('usage', 'one', '--admin-url', url, '--token', 'another');
  expect(refused.code).toBe(1);
  expect(refused.err).not.toContain('another');
});
