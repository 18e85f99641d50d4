import { execFileSync } from 'node:child_process';
import { chmod, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { problemLine } from '../../../src/standalone/manifests/place.ts';
import { readManifest } from '../../../src/standalone/manifests/read-manifest.ts';
import { botWithSecret, botYaml, makeFolder, secretYaml } from '../support.ts';

describe('readManifest', () => {
  let path = '';
  beforeEach(async () => {
    path = join(await makeFolder(), 'bot.yaml');
  });

  async function read(text: string | Uint8Array) {
    await writeFile(path, text);
    const { objects, problems } = await readManifest(path, 'bot.yaml');
    return {
      objects: objects.map(({ kind, object }) => `${kind} ${object.metadata.name}`),
      problems: problems.map(problemLine),
    };
  }

  test('reads bots and Secrets', async () => {
    expect(await read(botWithSecret({ name: 'one' }))).toEqual({
      objects: ['TenantBot one', 'Secret one'],
      problems: [],
    });
  });

  test('reads a List, as kubectl prints several objects', async () => {
    const item = secretYaml({ name: 'one' }).trimEnd().replaceAll('\n', '\n    ');
    expect(await read(`apiVersion: v1\nkind: List\nitems:\n  - ${item}\n`)).toEqual({
      objects: ['Secret one'],
      problems: [],
    });
  });

  test.each(['', '\n\n', '# nothing\n', '---\n---\n', '\uFEFF'])(
    'finds nothing in %j, and nothing wrong',
    async (text) => {
      expect(await read(text)).toEqual({ objects: [], problems: [] });
    },
  );

  test.each([
    ['an unknown kind', 'apiVersion: v1\nkind: TenentBot\n', '2:1: TenentBot: kind', 'TenantBot?'],
    ['another version', 'apiVersion: v2\nkind: Secret\n', '1:1: Secret: apiVersion', 'v1'],
    ['no object', 'just text\n', '1:1: this document', 'must be an object'],
    [
      'an unknown field',
      botYaml({ name: 'one', spec: '  suspendet: true\n' }),
      '8:3: TenantBot one: spec.suspendet',
      'did you mean suspended?',
    ],
    [
      'a wrong type',
      botYaml({ name: 'one', spec: '  suspended: perhaps\n' }),
      '8:3: TenantBot one: spec.suspended',
      'true or false',
    ],
    [
      'two handlers in one entry',
      botYaml({ name: 'one' }).replace(
        '- command',
        '- text: {exact: a, reply: {text: b}}\n      command',
      ),
      '7:7: TenantBot one: spec.handlers[0]',
      'exactly one',
    ],
  ])('says where %s stands and what would do', async (_, text, place, words) => {
    const { objects, problems } = await read(text);
    expect(objects).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(`bot.yaml:${place}`)]);
    expect(problems[0]).toContain(words);
  });

  test('keeps the good documents of a file with a bad one', async () => {
    expect(await read(`${secretYaml({ name: 'one' })}---\nkind: Nothing\n`)).toMatchObject({
      objects: ['Secret one'],
      problems: [expect.stringContaining('bot.yaml:6:1')],
    });
  });

  test('refuses 10 MB without reading them', async () => {
    await writeFile(path, '');
    await truncate(path, 10_000_000);
    const { problems } = await readManifest(path, 'bot.yaml');
    expect(problems[0]?.message).toBe('is 9.5 MiB large, at most 4 MiB are read; split it');
  });

  test('refuses binary junk in words', async () => {
    expect((await read(Uint8Array.from([0xff, 0xfe, 0, 1]))).problems).toEqual([
      'bot.yaml: is not a text file in UTF-8',
    ]);
    expect((await read('a\0b')).problems).toEqual([expect.stringContaining('NUL characters')]);
  });

  test('does not wait for the other end of a named pipe', async () => {
    execFileSync('/usr/bin/env', ['mkfifo', path]);
    const { problems } = await readManifest(path, 'bot.yaml');
    expect(problems[0]?.message).toBe('is not a regular file');
  });

  test.skipIf(process.getuid?.() === 0)('says that a file may not be read', async () => {
    await writeFile(path, 'a: 1');
    await chmod(path, 0);
    const { problems } = await readManifest(path, 'bot.yaml');
    expect(problems[0]?.message).toContain('check its permissions');
  });

  test('never quotes a token', async () => {
    const token = '123456:AAabcdefghijklmnopqrstuvwxyz0123456';
    const { problems } = await read(`kind: Secret\napiVersion: v1\nstringData: ["${token}"]\n`);
    expect(problems.join()).not.toContain('AAabc');
    expect(problems.length).toBeGreaterThan(0);
  });
});
