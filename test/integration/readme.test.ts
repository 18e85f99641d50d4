import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const clone = mkdtempSync(join(tmpdir(), 'tenantbot-clone-'));

/** An installation may take minutes on a machine that is busy. */
const INSTALL = { timeout: 400_000 };

/** The code blocks of the README in one language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

/** The commands of the README, without their comments. */
const commands = blocks('sh').flatMap((block) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*/, '').trim())
    .filter((line) => line !== ''),
);

/** What a person's shell has: the machine's own Node, and nothing of the npm that runs the tests. */
function shellEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(package|lifecycle|command|execpath|node|config_local)|INIT_CWD$|NODE)/.test(name),
  );
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.endsWith('node_modules/.bin') && !folder.includes('node-gyp-bin'));
  return { ...Object.fromEntries(entries), PATH: path.join(':') };
}

function command(line: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(line, {
    shell: true,
    cwd: clone,
    env: shellEnvironment(),
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

function start(line: string): Promise<Program> {
  return startProgram(['env', '-i', ...environmentWords(), 'sh', '-c', `exec ${line}`], {
    cwd: clone,
    group: true,
    until: /^ready/m,
    timeoutMs: 300_000,
  });
}

function environmentWords(): string[] {
  return Object.entries(shellEnvironment()).map(([name, value]) => `${name}=${value}`);
}

beforeAll(() => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files
    .split('\n')
    .filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    cpSync(join(root, file), join(clone, file));
  }
});

afterAll(() => rmSync(clone, { recursive: true, force: true }));

describe('the README, on a fresh clone', () => {
  it('names no command that is not tried here', () => {
    expect(commands).toEqual([
      'npm start',
      'npm test',
      'npx tenantbot get',
      'npx tenantbot send greeter /start',
      'npx tenantbot describe broken-token',
      'npx tenantbot standalone --manifests bots',
    ]);
  });

  it('links to no page that is not there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(
      ([, target = '']) => target,
    );
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  it(
    'starts with one command that installs what it needs, and ends at Ctrl-C',
    INSTALL,
    async () => {
      const program = await start('npm start');
      expect(program.output).toContain('Installing dependencies');

      expect(command('npx tenantbot send greeter /start')).toMatchObject({
        code: 0,
        out: expect.stringContaining('Hello'),
      });
      const { out } = command('npx tenantbot get');
      expect(out.trim().split('\n')).toHaveLength(4);
      expect(out).toMatch(/^broken-token +False +InvalidFormat/m);
      expect(command('npx tenantbot describe broken-token').out).toContain(
        'The token has no colon',
      );

      expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
      expect(existsSync(join(clone, '.tenantbot/lock'))).toBe(false);
      expect(command('npx tenantbot get')).toMatchObject({
        code: 1,
        err: expect.stringContaining('npm start'),
      });
    },
  );

  it('runs the first bot of one’s own, and takes up a change while it runs', async () => {
    const [manifest = ''] = blocks('yaml');
    const file = join(clone, 'bots/hello.yaml');
    mkdirSync(dirname(file));
    writeFileSync(file, manifest);

    await using program = await start('npx tenantbot standalone --manifests bots');
    expect(program.output).not.toContain('Installing');
    expect(command('npx tenantbot send hello /start').out).toBe('Hello You!\n');

    writeFileSync(file, manifest.replace('Hello', 'Good day'));
    await waitFor('the new text', () =>
      command('npx tenantbot send hello /start').out.startsWith('Good day'),
    );
  });
});
