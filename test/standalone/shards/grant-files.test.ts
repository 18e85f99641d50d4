import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isGrantConflict } from '../../../src/coordinator/table.ts';
import { grantFiles } from '../../../src/standalone/shards/grant-files.ts';
import { makeFolder } from '../support.ts';

const never = new AbortController().signal;

describe('grantFiles', () => {
  test('keeps the newest text alone, for each fleet its own', async () => {
    const folder = join(await makeFolder(), 'grants');
    const store = grantFiles(folder, 'one');
    expect(await store.read(never)).toBeUndefined();
    const first = await store.write('first', undefined, never);
    const second = await store.write('second', first, never);
    await grantFiles(folder, 'two').write('other', undefined, never);
    expect(await store.read(never)).toEqual({ text: 'second', version: second });
    expect(await readdir(folder)).toEqual(['one.2.json', 'two.1.json']);
  });

  test('refuses to write upon anything but the newest, however old that is', async () => {
    const folder = await makeFolder();
    const store = grantFiles(folder, 'one');
    const versions: (string | undefined)[] = [undefined];
    for (let n = 1; n <= 4; n++) versions.push(await store.write(`${n}`, versions.at(-1), never));
    for (const version of versions.slice(0, -1)) {
      const writing = store.write('late', version, never);
      await expect(writing).rejects.toSatisfy(isGrantConflict);
      expect(await store.read(never)).toEqual({ text: '4', version: '4' });
    }
    expect(await readdir(folder)).toEqual(['one.4.json']);
  });

  test('of many that write upon the same version one alone succeeds', async () => {
    const folder = await makeFolder();
    const stores = Array.from({ length: 10 }, () => grantFiles(folder, 'one'));
    let version: string | undefined;
    for (let round = 0; round < 20; round++) {
      const tries = stores.map((store, n) => store.write(`${round} ${n}`, version, never));
      const ends = await Promise.allSettled(tries);
      const won = ends.flatMap((end, n) => (end.status === 'fulfilled' ? [[end.value, n]] : []));
      expect(won).toHaveLength(1);
      const [value, n] = won[0] ?? [];
      version = String(value);
      expect(await stores[0]?.read(never)).toEqual({ text: `${round} ${n}`, version });
    }
  });

  test('goes on where its file was taken away or edited', async () => {
    const folder = await makeFolder();
    const store = grantFiles(folder, 'one');
    const version = await store.write('mine', undefined, never);
    await writeFile(join(folder, 'one.1.json'), 'edited');
    expect(await store.read(never)).toEqual({ text: 'edited', version });
    expect(await store.write('anew', version, never)).toBe('2');
  });
});
