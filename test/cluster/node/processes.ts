import { readFileSync } from 'node:fs';

/** A process that is told apart from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot of the machine, and when in it the process began. */
  readonly born: string;
}

/** Who `pid` is now; undefined where it has ended, also as a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything, parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTime] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, born: `${boot}/${startTime}` };
  } catch {
    return undefined;
  }
}

/** Whether that very process is still there. */
export function isAlive({ pid, born }: ProcessIdentity): boolean {
  return identify(pid)?.born === born;
}

/** Ends that very process at once, and nothing else. */
export function killAtOnce(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
