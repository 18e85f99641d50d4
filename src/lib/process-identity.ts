import { readFile } from 'node:fs/promises';
import { errorCode } from './errors.ts';

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the machine's own terms; absent where the machine does not tell. */
  readonly started?: string | undefined;
}

/** The {@link ProcessIdentity} of the running process `pid`. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await readStart(pid))?.started };
}

/** Whether that very process still runs. In doubt it does. */
export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  if (!exists(process.pid)) return false;
  const now = await readStart(process.pid);
  if (now === undefined || process.started === undefined) return true;
  return !now.ended && now.started === process.started;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** What Linux tells of a process; undefined elsewhere. */
async function readStart(
  pid: number,
): Promise<{ readonly started: string; readonly ended: boolean } | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The name in parentheses may hold anything; proc(5) counts the fields behind it from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    return { started: `${boot.trim()}/${fields[19]}`, ended: 'ZX'.includes(state) };
  } catch {
    return undefined;
  }
}
