import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, errorCode } from '../../../src/lib/errors.ts';
import { waitFor } from '../../support/wait.ts';

const MOUNT = '/sys/fs/cgroup';

/** The cgroups of one node: one folder in each hierarchy of the machine. */
export interface NodeCgroups {
  readonly mode: 'v1' | 'v2';
  /** What is mounted again inside: `cpu`, `memory`, `name=systemd`, `unified`. Empty with v2. */
  readonly hierarchies: readonly string[];
  readonly folders: readonly string[];
}

/**
 * The cgroups that a node called `name` is to have: on a machine with v1 hierarchies (also beside a
 * v2 one) below this process's own, on one with v2 alone below the root.
 */
export async function planCgroups(name: string): Promise<NodeCgroups> {
  if (existsSync(join(MOUNT, 'cgroup.controllers'))) {
    return { mode: 'v2', hierarchies: [], folders: [join(MOUNT, name)] };
  }
  const hierarchies: string[] = [];
  const folders: string[] = [];
  for (const line of (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n')) {
    const [, controllers = '', own = '/'] = line.split(':');
    const hierarchy = controllers || 'unified';
    const parent = join(MOUNT, hierarchy.replace(/^name=/, ''), own);
    if (!existsSync(parent)) continue;
    hierarchies.push(hierarchy);
    folders.push(join(parent, name));
  }
  return { mode: 'v1', hierarchies, folders };
}

/** Makes them, ready to be joined. */
export async function makeCgroups({ mode, folders }: NodeCgroups): Promise<void> {
  if (mode === 'v2') for (const controller of CONTROLLERS) await enable(controller);
  for (const folder of folders) {
    await mkdir(folder);
    if (mode === 'v2') await checkControllers(folder);
    else await inheritCpuset(folder);
  }
}

// A new cpuset is empty, and no process can join it before it has processors and memory.
async function inheritCpuset(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!existsSync(join(folder, file))) continue;
    await writeFile(join(folder, file), await readFile(join(folder, '..', file)));
  }
}

const NEEDED = ['cpu', 'memory', 'pids'];
const CONTROLLERS = [...NEEDED, 'cpuset', 'io', 'hugetlb'];

async function enable(controller: string): Promise<void> {
  try {
    await writeFile(join(MOUNT, 'cgroup.subtree_control'), `+${controller}`);
  } catch {
    // Absent in this kernel, or not ours to give: what is needed is checked afterwards.
  }
}

async function checkControllers(folder: string): Promise<void> {
  const given = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  const missing = NEEDED.filter((controller) => !given.includes(controller));
  if (missing.length === 0) return;
  throw environmentError(
    'NO_CGROUP_CONTROLLERS',
    `${MOUNT} does not hand on the cgroup controllers ${missing.join(', ')}. In a container, ` +
      'move its processes into a child cgroup and enable them in cgroup.subtree_control; on a ' +
      'machine with systemd they should be there already.',
  );
}

const LEAF = 'daemons';

/**
 * With v2 only leaves may hold processes once controllers are handed on, which the kubelet does at
 * the node's root: moves `pids` from there into a leaf. With v1 there is nothing to do.
 */
export async function moveToLeaf({ mode, folders }: NodeCgroups, pids: readonly number[]) {
  if (mode === 'v1') return;
  for (const folder of folders) {
    const leaf = join(folder, LEAF);
    await mkdir(leaf);
    for (const pid of pids) await writeFile(join(leaf, 'cgroup.procs'), String(pid));
  }
}

/** Removes the folders of cgroups whose processes have ended or are about to. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await waitFor(`the end of the processes in ${folder}`, () => removeTree(folder));
  }
}

async function removeTree(folder: string): Promise<boolean> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeTree(join(folder, entry.name));
    }
    await rmdir(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return true;
}

/** The files through which a process joins each of `cgroups`. */
export function procsFiles({ folders }: NodeCgroups): string[] {
  return folders.map((folder) => join(folder, 'cgroup.procs'));
}
