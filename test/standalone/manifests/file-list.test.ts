import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { listManifests } from '../../../src/standalone/manifests/file-list.ts';
import { makeFolder } from '../support.ts';

describe('listManifests', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await makeFolder();
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await mkdir(join(folder, '.git'));
    const names = ['z.yaml', 'a/one.yml', 'a/b/two.json', 'a/notes.txt', '.git/x.yaml', '.h.yaml'];
    await Promise.all(names.map((name) => writeFile(join(folder, name), '')));
  });

  async function list(...paths: readonly string[]) {
    const { files, problems } = await listManifests(paths);
    return {
      files: files.map((file) => relative(folder, file)),
      problems: problems.map(({ file, message }) => `${relative(folder, file)}: ${message}`),
    };
  }

  test('finds manifests at any depth by name, and skips what is hidden or something else', async () => {
    expect(await list(folder)).toEqual({
      files: ['a/b/two.json', 'a/one.yml', 'z.yaml'],
      problems: [],
    });
  });

  test('takes a named file whatever its name, and no file twice', async () => {
    const given = [join(folder, 'a/notes.txt'), join(folder, 'a'), join(folder, 'a/one.yml')];
    expect((await list(...given)).files).toEqual(['a/notes.txt', 'a/b/two.json', 'a/one.yml']);
  });

  test('follows links, and ends where they lead back', async () => {
    await symlink(folder, join(folder, 'a/up'));
    await symlink('two.json', join(folder, 'a/b/also.json'));
    expect((await list(folder)).files).toEqual(['a/b/also.json', 'a/one.yml', 'z.yaml']);
  });

  test('says what is not there, and goes on with the rest', async () => {
    await symlink('self.yaml', join(folder, 'self.yaml'));
    await symlink('nowhere', join(folder, 'dead.yaml'));
    const { files, problems } = await list(join(folder, 'missing'), folder);
    expect(files).toHaveLength(3);
    expect(problems).toEqual([
      'missing: there is no such file or folder (or it is a link to nothing)',
      'dead.yaml: there is no such file or folder (or it is a link to nothing)',
      'self.yaml: is a link that leads back to itself',
    ]);
  });
});
