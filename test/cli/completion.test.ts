import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Completion, complete, type KnownNames } from '../../src/cli/completion/complete.ts';
import { describedProgram } from '../../src/cli/program/program.ts';
import { makeFolder } from '../standalone/support.ts';
import { type Ran, run, TENANTBOT } from '../support/tenantbot.ts';

describe('complete', () => {
  const asked: object[] = [];
  const names: KnownNames = {
    async bots(flags) {
      asked.push(flags);
      return ['greeter', 'grocer', 'shop'];
    },
    fleets: async () => ['default'],
    namespaces: async () => ['team-a', 'team-b'],
    contexts: async () => ['prod', 'test'],
  };
  const at = (...words: string[]): Promise<Completion> =>
    complete(describedProgram(), words, names);
  const values = async (...words: string[]) =>
    (await at(...words)).candidates.map(({ value }) => value);

  test.each<[string[], string[]]>([
    [['des'], ['describe']],
    [['__'], []],
    [['token', ''], ['check']],
    [
      ['describe', 'gr'],
      ['greeter', 'grocer'],
    ],
    [['describe', 'greeter', ''], []],
    [['restart', 'greeter', 'g'], ['grocer']],
    [
      ['get', ''],
      ['fleets', 'greeter', 'grocer', 'shop'],
    ],
    [['get', 'fleets', ''], ['default']],
    [
      ['get', '-o', ''],
      ['wide', 'yaml', 'json', 'name'],
    ],
    [['get', '-oj'], ['-ojson']],
    [['get', '--output=j'], ['--output=json']],
    [['get', '--output', '=', 'j'], ['json']],
    [
      ['get', '--output', '='],
      ['wide', 'yaml', 'json', 'name'],
    ],
    [
      ['get', '-n', 'team'],
      ['team-a', 'team-b'],
    ],
    [['get', '--context', 'p'], ['prod']],
    [['shards', '--fleet', ''], ['default']],
    [['get', '--all'], ['--all-namespaces']],
    [['restart', '--', '--all'], []],
    [['send', 'shop', ''], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['get', '--no-such-flag', 's'], ['shop']],
  ])('%j', async (words, expected) => {
    expect(await values(...words)).toEqual(expected);
  });

  test('names are asked for where the flags say', async () => {
    await at('describe', '-n', 'team-a', '--context=prod', '-A', '');
    expect(asked.at(-1)).toMatchObject({ namespace: 'team-a', context: 'prod' });
    await at('get', '-A', '-w', '');
    expect(asked.at(-1)).toMatchObject({ allNamespaces: true, watch: true });
  });

  test('files are offered where a file is meant, and nowhere else', async () => {
    expect((await at('get', '--kubeconfig', '')).files).toBe(true);
    expect((await at('get', '')).files).toBe(false);
  });
});

function isThere(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
}

/** What a shell says to `script`, which begins with the completion of tenantbot. */
async function inShell(command: readonly string[], script: string): Promise<Ran> {
  const folder = await makeFolder();
  await symlink(TENANTBOT, join(folder, 'tenantbot'));
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}`, HOME: folder };
  return run([...command, script], { folder, env });
}

test.skipIf(!isThere('bash'))('bash completes', async () => {
  const script = `
    source <(tenantbot completion bash)
    try() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _tenantbot; echo "\${COMPREPLY[*]}"; }
    complete -p tenantbot
    try tenantbot desc
    try tenantbot get --output = js
    try tenantbot breaker ''
  `;
  expect(await inShell(['bash', '--norc', '-c'], script)).toEqual({
    code: 0,
    out: 'complete -F _tenantbot tenantbot\ndescribe\njson\nreset\n',
    err: '',
  });
});

test.skipIf(!isThere('zsh'))('zsh completes', async () => {
  // What draws the menu is left out: it needs a terminal.
  const script = `
    autoload -Uz compinit && compinit -u -D
    source <(tenantbot completion zsh)
    _describe() { print -l -- "\${(@P)2}" }
    _files() { print files }
    try() { local -a words=("$@"); local CURRENT=$#; _tenantbot }
    print $_comps[tenantbot]
    try tenantbot desc
    try tenantbot get --output=js
    try tenantbot get --kubeconfig ''
  `;
  const described = 'describe:show one bot with all that is known of it';
  expect(await inShell(['zsh', '-f', '-c'], script)).toEqual({
    code: 0,
    out: `_tenantbot\n${described}\n--output=json\nfiles\n`,
    err: '',
  });
});

test.skipIf(!isThere('fish'))('fish completes', async () => {
  const script = `
    tenantbot completion fish | source
    complete -C 'tenantbot desc'
    complete -C 'tenantbot get --output=js'
    complete -C 'tenantbot get -o '
  `;
  expect(await inShell(['fish', '--no-config', '-c'], script)).toEqual({
    code: 0,
    out: 'describe\tshow one bot with all that is known of it\n--output=json\njson\nname\nwide\nyaml\n',
    err: '',
  });
});
