import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { identifyProcess } from '../../../src/lib/process-identity.ts';
import { openDataFolder } from '../../../src/standalone/data/data-folder.ts';
import { makeFolder } from '../support.ts';

const HOLDER = new URL('lock-holder.ts', import.meta.url);

describe('openDataFolder', () => {
  test('makes the folder for its owner alone and leaves nothing in it', async () => {
    const folder = join(await makeFolder(), 'deep', 'data');
    const lock = await openDataFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual(['lock']);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('refuses a second holder, naming the first', async () => {
    const folder = await makeFolder();
    await openDataFolder(folder);
    await expect(openDataFolder(folder)).rejects.toThrow(
      `in use by another standalone (process ${process.pid})`,
    );
  });

  test('refuses a folder that the system will not make, at any depth', async () => {
    await expect(openDataFolder('/proc/tenantbot/data')).rejects.toThrow("can't be used");
  });

  test('of many that come at once to a stale lock at most one gets it', async () => {
    for (let round = 0; round < 20; round++) {
      const folder = await makeFolder();
      await writeFile(join(folder, 'lock'), JSON.stringify({ pid: await deadPid(), round }));
      const tries = Array.from({ length: 20 }, () => openDataFolder(folder));
      const won = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      expect(await readdir(folder)).toEqual(['lock']);
    }
  });

  test('of several processes one gets it, and after its death the next one', async () => {
    const folder = await makeFolder();
    for (let round = 0; round < 2; round++) {
      const children = Array.from({ length: 4 }, () => fork(HOLDER, [folder]));
      onTestFinished(() => {
        for (const child of children) child.kill('SIGKILL');
      });
      const answers = await Promise.all(
        children.map(async (child) => String((await once(child, 'message'))[0])),
      );
      expect(answers.toSorted()).toEqual(['held', 'refused', 'refused', 'refused']);
      await Promise.all(
        children.map((child) => {
          child.kill('SIGKILL');
          return once(child, 'close');
        }),
      );
    }
  });

  test('takes over from a process whose number another one has now', async () => {
    const folder = await makeFolder();
    const lock = { ...(await identifyProcess(process.pid)), started: 'long ago' };
    await writeFile(join(folder, 'lock'), JSON.stringify(lock));
    await openDataFolder(folder);
    expect(await readFile(join(folder, 'lock'), 'utf8')).not.toContain('long ago');
  });

  test.each(['', 'junk', '{"pid":"x"}'])('takes over a lock that says %j', async (text) => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'lock'), text);
    await (await openDataFolder(folder)).release();
  });

  test('says that a file is in the way', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(openDataFolder(join(folder, 'file', 'data'))).rejects.toThrow(
      /a file where a folder is needed.*--data/,
    );
  });

  test('says that it may not write there', async () => {
    // Nobody may write below /proc, root neither; others are kept out by the mode.
    const folder = join(await makeFolder(), 'locked');
    await mkdir(folder);
    await chmod(folder, 0o500);
    const readOnly = process.getuid?.() === 0 ? '/proc/self/fdinfo' : folder;
    await expect(openDataFolder(readOnly)).rejects.toThrow(/can't be used: .*--data/);
  });

  test('a link to a folder is a folder', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    await (await openDataFolder(join(folder, 'link'))).release();
  });
});

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return child.pid ?? 0;
}
