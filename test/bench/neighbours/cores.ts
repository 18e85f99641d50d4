import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Two commands to put before a program's own, each of which keeps it on a core that the other does
 * not use. Undefined where the machine can't do that.
 */
export function twoCores(): readonly [readonly string[], readonly string[]] | undefined {
  const [one, other] = allowedCores();
  if (one === undefined || other === undefined) return undefined;
  const works = [one, other].every((core) => {
    const [taskset, ...args] = pinnedTo(core);
    return spawnSync(taskset, [...args, 'true']).status === 0;
  });
  return works ? [pinnedTo(one), pinnedTo(other)] : undefined;
}

function pinnedTo(core: number): [string, ...string[]] {
  return ['taskset', '--cpu-list', String(core)];
}

/** The cores that this process may use; none where the system does not say. */
function allowedCores(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status) ?? [];
    return list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}
