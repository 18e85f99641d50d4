import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bannedFor, LAYER_NAMES } from './layers.ts';

const root = join(import.meta.dirname, '../..');
/** Outside the project, so that its own ignore files have no say. */
const scratch = mkdtempSync(join(tmpdir(), 'tenantbot-lint-'));
const bin = join(root, 'node_modules/.bin');

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Lints a small tree with the project's own configuration; returns what was found, as `file: rule`. */
function lint(files: Record<string, string>): string {
  const tree = mkdtempSync(join(scratch, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  mkdirSync(join(tree, 'test/gates'), { recursive: true });
  for (const path of ['oxlint.config.ts', 'tsconfig.json', 'test/gates/layers.ts']) {
    cpSync(join(root, path), join(tree, path));
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const result = spawnSync(join(bin, 'oxlint'), ['-c', 'oxlint.config.ts', '--format=unix'], {
    cwd: tree,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
  });
  return result.stdout + result.stderr;
}

describe('the layers', () => {
  it('name every folder of src, and every layer is one', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.toSorted()).toEqual([...LAYER_NAMES].toSorted());
  });

  it('never lend their names to a folder further down', () => {
    const nested = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.parentPath !== join(root, 'src'))
      .filter((entry) => (LAYER_NAMES as string[]).includes(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).replace(root + sep, ''));
    expect(nested).toEqual([]);
  });

  it('are linted: every banned import is found', () => {
    const files: Record<string, string> = {};
    for (const layer of LAYER_NAMES) {
      files[`src/${layer}/thing.ts`] = 'export const thing = 1;\n';
      for (const banned of bannedFor(layer)) {
        const use = `import { thing } from '../../${banned}/thing.ts';\nexport const used = thing;\n`;
        files[`src/${layer}/deep/uses-${banned}.ts`] = use;
      }
    }
    const output = lint(files);
    for (const layer of LAYER_NAMES) {
      for (const banned of bannedFor(layer)) {
        expect(output).toContain(
          `src/${layer}/deep/uses-${banned}.ts:1:1: '../../${banned}/thing.ts'`,
        );
      }
    }
  });

  it('are linted: an allowed import is let through', () => {
    const output = lint({
      'src/lib/thing.ts': 'export const thing = 1;\n',
      'src/api/user.ts': "import { thing } from '../lib/thing.ts';\n\nexport const used = thing;\n",
    });
    expect(output).toBe('');
  });
});

describe('the linter', () => {
  const cases: [name: string, files: Record<string, string>, expected: string][] = [
    [
      'a cycle, also one of types only',
      {
        'src/lib/a.ts': "import type { B } from './b.ts';\n\nexport type A = B | 1;\n",
        'src/lib/b.ts': "import type { A } from './a.ts';\n\nexport type B = A | 2;\n",
      },
      'no-cycle',
    ],
    [
      'a barrel',
      { 'src/lib/barrel.ts': "export * from './a.ts';\n", 'src/lib/a.ts': 'export const a = 1;\n' },
      'no-barrel-file',
    ],
    [
      'Date.now outside the clock',
      { 'src/lib/a.ts': 'export const now = Date.now();\n' },
      'no-restricted-globals',
    ],
    [
      'setTimeout outside the clock',
      { 'src/lib/a.ts': 'setTimeout(() => undefined, 1);\n' },
      'no-restricted-globals',
    ],
    [
      'node:timers/promises outside the clock',
      {
        'src/lib/a.ts':
          "import { setTimeout as wait } from 'node:timers/promises';\n\nexport const waited = wait(1);\n",
      },
      'no-restricted-imports',
    ],
    [
      'Math.random outside of random',
      { 'src/lib/a.ts': 'export const dice = Math.random();\n' },
      'no-restricted-properties',
    ],
    [
      'process.env outside the config',
      { 'src/cli/a.ts': "export const home = process.env['HOME'];\n" },
      'no-restricted-properties',
    ],
    [
      'vi.mock',
      { 'test/lib/a.test.ts': "import { vi } from 'vitest';\n\nvi.mock('./b.ts');\n" },
      'no-restricted-vi-methods',
    ],
    ['any', { 'src/lib/a.ts': 'export const a: any = 1;\n' }, 'no-explicit-any'],
    [
      'a promise nobody waits for',
      { 'src/lib/a.ts': 'const wait = async (): Promise<void> => undefined;\nwait();\n' },
      'no-floating-promises',
    ],
    [
      'a parameter property',
      { 'src/lib/a.ts': 'export class A {\n  constructor(private readonly a: number) {}\n}\n' },
      'parameter-properties',
    ],
    [
      'a file of more than 400 lines',
      { 'src/lib/a.ts': 'export const a = [\n' + '  1,\n'.repeat(400) + '];\n' },
      'max-lines',
    ],
  ];

  it.each(cases)('finds %s', (_name, files, expected) => {
    expect(lint(files)).toContain(expected);
  });

  it('lets the clock, the random source and the config be what they are', () => {
    const output = lint({
      'src/lib/clock.ts': 'export const now = Date.now();\n',
      'src/lib/random.ts': 'export const dice = Math.random();\n',
      'src/cli/config.ts': "export const home = process.env['HOME'];\n",
    });
    expect(output).toBe('');
  });
});
