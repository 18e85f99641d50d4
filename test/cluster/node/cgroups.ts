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
 * Makes the cgroups of a node called `name`: on a machine with v1 hierarchies (also beside a v2
 * one) below this process's own, on one with v2 alone below the root.
 */
export async function makeCgroups(name: string): Promise<NodeCgroups> {
  if (existsSync(join(MOUNT, 'cgroup.controllers'))) return makeV2(name);
  const hierarchies: string[] = [];
  const folders: string[] = [];
  for (const line of (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n')) {
    const [, controllers = '', own = '/'] = line.split(':');
    const hierarchy = controllers || 'unified';
    const parent = join(MOUNT, hierarchy.replace(/^name=/, ''), own);
    if (!existsSync(parent)) continue;
    const folder = join(parent, name);
    await mkdir(folder);
    hierarchies.push(hierarchy);
    folders.push(folder);
    // A new cpuset is empty, and no process can join it before it has processors and memory.
    if (hierarchy.split(',').includes('cpuset')) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        await writeFile(join(folder, file), await readFile(join(parent, file)));
      }
    }
  }
  return { mode: 'v1', hierarchies, folders };
}

const NEEDED_CONTROLLERS = ['cpu', 'memory', 'pids'];

async function makeV2(name: string): Promise<NodeCgroups> {
  for (const controller of [...NEEDED_CONTROLLERS, 'cpuset', 'io', 'hugetlb']) {
    await enable(MOUNT, controller);
  }
  const folder = join(MOUNT, name);
  await mkdir(join(folder, LEAF), { recursive: true });
  const given = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  const missing = NEEDED_CONTROLLERS.filter((controller) => !given.includes(controller));
  if (missing.length > 0) {
    await rmdir(join(folder, LEAF));
    await rmdir(folder);
    throw environmentError(
      'NO_CGROUP_CONTROLLERS',
      `${MOUNT} does not hand on the cgroup controllers ${missing.join(', ')}. In a container, ` +
        'move its processes into a child cgroup and enable them in cgroup.subtree_control; on a ' +
        'machine with systemd they should be there already.',
    );
  }
  return { mode: 'v2', hierarchies: [], folders: [folder] };
}

async function enable(folder: string, controller: string): Promise<void> {
  try {
    await writeFile(join(folder, 'cgroup.subtree_control'), `+${controller}`);
  } catch {
    // Absent in this kernel, or not ours to give: what is needed is checked afterwards.
  }
}

const LEAF = 'daemons';

/**
 * With v2 only leaves may hold processes once controllers are handed on, which the kubelet does at
 * the node's root: moves `pids` from there into a leaf. With v1 there is nothing to do.
 */
export async function moveToLeaf({ mode, folders }: NodeCgroups, pids: readonly number[]) {
  if (mode === 'v1') return;
  for (const folder of folders) {
    for (const pid of pids) await writeFile(join(folder, LEAF, 'cgroup.procs'), String(pid));
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
