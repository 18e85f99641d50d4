import { inject } from 'vitest';
import { attachNode } from '../../cluster/node/node-access.ts';
import { type Installation, inSystem } from './installation.ts';

/**
 * Kills the program of a pod in the operator's namespace with SIGKILL; on a cluster whose nodes are
 * not ours, deletes the pod by force.
 */
export async function killProgram({ kubectl }: Installation, pod: string): Promise<void> {
  const state = inject('nodeState');
  if (state === undefined) {
    await kubectl.run(...inSystem('delete', 'pod', pod, '--force', '--grace-period=0'));
    return;
  }
  const { status } = await kubectl.get(...inSystem('pod', pod));
  const container = String(status.containerStatuses[0].containerID).replace('containerd://', '');
  await using node = await attachNode(state);
  const tasks = await node.run(['ctr', '--namespace=k8s.io', 'tasks', 'list']);
  const pid = new RegExp(`^${container}\\s+(\\d+)`, 'm').exec(tasks)?.[1];
  if (pid === undefined) throw new Error(`no program of ${pod} runs:\n${tasks}`);
  await node.run(['kill', '-9', pid]);
}
