import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from '../../src/lib/process-identity.ts';
import { cacheFolder } from '../cluster/components.ts';
import { clearDeadRuns, readRecord } from '../cluster/node/runs.ts';
import { startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { describeOnNode } from './support/with-node.ts';

const HOLDER = join(import.meta.dirname, '../cluster/node/hold-node.ts');

/** `pid` and all that it started, and what that started, as far as this machine tells. */
async function family(pid: number): Promise<ProcessIdentity[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = children.split(' ').filter(Boolean).map(Number);
  return [await identifyProcess(pid), ...(await Promise.all(pids.map(family))).flat()];
}

describeOnNode('a second node', () => {
  it('leaves nothing behind when the program that holds it is killed', async () => {
    const runs = await mkdtemp(join(cacheFolder(), 'crash-'));
    await using program = await startScript(HOLDER, {
      args: [runs],
      until: /^holding /m,
      timeoutMs: 120_000,
    });
    const state = join(runs, (await readdir(runs))[0] ?? '');
    const { owner, init, cgroups } = await readRecord(state);
    const members = await family(owner.pid);
    expect(members.length).toBeGreaterThan(10);
    expect(await clearDeadRuns(runs), 'a run that is alive stays').toEqual([]);

    await program.stop('SIGKILL');
    await waitFor('the end of all that it started', async () => {
      const alive = await Promise.all(members.map(isRunning));
      return !alive.includes(true);
    });
    expect(init && (await isRunning(init))).toBe(false);
    expect(await clearDeadRuns(runs)).toEqual([state]);
    expect(existsSync(state)).toBe(false);
    expect(cgroups.filter(existsSync)).toEqual([]);
    await rm(runs, { recursive: true });
  });
});
