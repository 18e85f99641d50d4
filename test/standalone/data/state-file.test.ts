import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { EMPTY_STATE, type State } from '../../../src/standalone/data/state.ts';
import { StateFile } from '../../../src/standalone/data/state-file.ts';
import { waitFor } from '../../support/wait.ts';
import { makeFolder, makeLog } from '../support.ts';

const STATE: State = {
  version: 1,
  bots: [],
  fleets: [
    {
      namespace: 'default',
      name: 'default',
      uid: 'uid',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      specHash: 'hash',
      file: 'built in',
    },
  ],
};

describe('StateFile', () => {
  async function open() {
    const folder = await makeFolder();
    const clock = new AdjustableClock();
    const { log, lines } = makeLog();
    const make = (): StateFile => new StateFile({ folder, clock, log });
    return { folder, clock, lines, make, file: make() };
  }

  test('what was saved is there for the next one', async () => {
    const { file, make } = await open();
    expect(await file.load()).toEqual(EMPTY_STATE);
    file.save(() => STATE, 500);
    await file.close();
    expect(await make().load()).toEqual(STATE);
  });

  test('writes once for many changes, and the last of them', async () => {
    const { file, clock, folder } = await open();
    let snapshots = 0;
    for (let turn = 0; turn < 5; turn++) {
      file.save(() => {
        snapshots++;
        return STATE;
      }, 500 - turn);
    }
    clock.advance(496);
    await waitFor('the file', async () => (await readdir(folder)).includes('state.json'));
    expect(snapshots).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each(['', '{"version":1,"bots":[', '{"version":9}', 'null'])(
    'sets a file with %j aside and starts afresh',
    async (text) => {
      const { file, folder, lines } = await open();
      await writeFile(join(folder, 'state.json'), text);
      expect(await file.load()).toEqual(EMPTY_STATE);
      expect(await readFile(join(folder, 'state.json.broken'), 'utf8')).toBe(text);
      expect(lines.join()).toContain('was set aside');
    },
  );

  test.runIf(process.platform === 'linux')(
    'a full disk is said once, changes nothing on disk, and is tried again',
    async () => {
      const { file, clock, folder, lines } = await open();
      await writeFile(join(folder, 'state.json'), JSON.stringify(EMPTY_STATE));
      // The kernel answers each write to this device as a full disk does.
      await symlink('/dev/full', join(folder, 'state.json.tmp'));
      file.save(() => STATE, 500);
      await clock.advanceAsync(500);
      await waitFor('the words', () => lines.join().includes('the disk is full'));
      await clock.advanceAsync(5_000);
      await waitFor('the second try', () => clock.pendingTimers === 1);
      expect(lines.filter((line) => line.includes('the disk is full'))).toHaveLength(1);
      expect(JSON.parse(await readFile(join(folder, 'state.json'), 'utf8'))).toEqual(EMPTY_STATE);

      await rm(join(folder, 'state.json.tmp'));
      await clock.advanceAsync(5_000);
      await waitFor('the file', async () =>
        (await readFile(join(folder, 'state.json'), 'utf8')).includes('"uid"'),
      );
      await waitFor('the end of it', () => lines.join().includes('can be written again'));
      await file.close();
    },
  );
});
