import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, sleep } from '../../lib/clock.ts';
import { environmentError, errorCode } from '../../lib/errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../lib/process-identity.ts';
import type { Log } from '../../telemetry/log.ts';
import { writeFileAtomically } from '../data/atomic-file.ts';

const SUFFIX = '.pid';
/** Processes end by themselves when their parent is gone: as long as a Ctrl-C may take. */
const ENDING_MS = 6_000;
/** One that was killed is gone as soon as the system comes to it. */
const KILLED_MS = 5_000;
const LOOK_EVERY_MS = 50;

const identitySchema = z.object({ pid: z.int().positive(), started: z.string().optional() });

/** Where it is kept which process works for the shard. */
export function processFile(folder: string, shard: string): string {
  return join(folder, `${shard}${SUFFIX}`);
}

/** Keeps in `file` that the process `pid` works for a shard. Rejects where there is no process. */
export async function recordProcess(file: string, pid: number | undefined): Promise<void> {
  if (pid === undefined) throw environmentError('NO_PROCESS', 'the process could not be started');
  await writeFileAtomically(file, JSON.stringify(await identifyProcess(pid)));
}

/**
 * Resolves when no process lives that works for a shard by a file in `folder`: what an earlier
 * parent left behind, by being killed. Waits for them to end, then kills them. Rejects in words
 * where one can't be told from a later process of the same number.
 */
export async function endEarlierProcesses(
  folder: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith(SUFFIX));
  await Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      const earlier = await read(file);
      if (earlier) await outlive(earlier, { clock, log });
      await rm(file, { force: true });
    }),
  );
}

async function outlive(
  earlier: ProcessIdentity,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  if (await endsWithin(earlier, ENDING_MS, clock)) return;
  const { pid, started } = earlier;
  if (started !== undefined) {
    log.warn(`process ${pid} of an earlier standalone still ran bots; it was killed`);
    kill(pid);
    if (await endsWithin(earlier, KILLED_MS, clock)) return;
  }
  throw environmentError(
    'SHARDS_STILL_RUNNING',
    `process ${pid}, which an earlier standalone left behind, may still run bots; end it (kill -9 ${pid}) and start again`,
  );
}

async function endsWithin(process: ProcessIdentity, ms: number, clock: Clock): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + ms;
  while (await isRunning(process)) {
    if (clock.monotonicMs() >= deadlineMs) return false;
    await sleep(clock, LOOK_EVERY_MS);
  }
  return true;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** Undefined where nobody was recorded: the file was being written when its writer died. */
async function read(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return identitySchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (errorCode(error) === undefined || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
