import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { identifyProcess, isRunning } from '../../../src/lib/process-identity.ts';
import {
  endEarlierProcesses,
  processFile,
  recordProcess,
} from '../../../src/standalone/shards/earlier-processes.ts';
import { waitFor } from '../../support/wait.ts';
import { makeFolder, makeLog } from '../support.ts';

function startIdle(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Ends them, on a clock that runs as fast as anybody waits. */
async function endThem(folder: string, untilMs: number): Promise<void> {
  const clock = new AdjustableClock();
  const { log } = makeLog();
  let done = false;
  const ending = endEarlierProcesses(folder, { clock, log }).finally(() => {
    done = true;
  });
  ending.catch(() => undefined);
  let passedMs = 0;
  await waitFor('the end of the wait', () => {
    if (passedMs < untilMs) {
      clock.advance(100);
      passedMs += 100;
    }
    return done;
  });
  await ending;
}

describe('endEarlierProcesses', () => {
  test('waits for those on record, then kills them', async () => {
    const folder = await makeFolder();
    const child = startIdle();
    await recordProcess(processFile(folder, 'default.0'), child.pid);
    const identity = await identifyProcess(child.pid ?? 0);
    const exit = once(child, 'exit');
    await endThem(folder, 20_000);
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(await isRunning(identity)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test('leaves alone who has got the number of one since', async () => {
    const folder = await makeFolder();
    const child = startIdle();
    const other = { pid: child.pid, started: 'another-boot/1' };
    await writeFile(processFile(folder, 'default.0'), JSON.stringify(other));
    await endThem(folder, 20_000);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });

  test('kills nobody that it can not tell apart, and says what to do', async () => {
    const folder = await makeFolder();
    const child = startIdle();
    await writeFile(processFile(folder, 'default.0'), JSON.stringify({ pid: child.pid }));
    await expect(endThem(folder, 20_000)).rejects.toThrow(`kill -9 ${child.pid}`);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });

  test('a record that was being written when its writer died is of nobody', async () => {
    const folder = await makeFolder();
    await endThem(join(folder, 'missing'), 0);
    await writeFile(processFile(folder, 'default.0'), '{"pid":');
    await endThem(folder, 0);
    expect(await readdir(folder)).toEqual([]);
  });
});
