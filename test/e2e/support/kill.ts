import { inject } from 'vitest';
import { attachNode, type NodeAccess } from '../../cluster/node/node-access.ts';
import { waitFor } from '../../support/wait.ts';
import { type Installation, inSystem } from './installation.ts';

const STARTS = { timeoutMs: 10_000, intervalMs: 200 };

/**
 * Kills the program of a pod in the operator's namespace with SIGKILL; on a cluster whose nodes are
 * not ours, deletes the pod by force.
 */
export async function killProgram(installation: Installation, pod: string): Promise<void> {
  if (inject('nodeState') === undefined) {
    await installation.kubectl.run(
      ...inSystem('delete', 'pod', pod, '--force', '--grace-period=0'),
    );
    return;
  }
  await signalProgram(installation, pod, 'KILL');
}

/** Sends a signal to the program of a pod in the operator's namespace. Only on a node of ours. */
export function signalProgram(
  installation: Installation,
  pod: string,
  signal: 'KILL' | 'STOP' | 'CONT',
): Promise<void> {
  return withProgram(installation, pod, async (node, pid) => {
    await node.run(['kill', `-${signal}`, pid]);
  });
}

/** The port that the leader listens on for runtimes, behind its Service. */
const CONTROL_PORT = 9443;

/**
 * Drops all that a runtime's pod sends to the leader, from the next packet on, until the returned
 * function is called. Only on a node of ours.
 */
export async function cutOff(
  installation: Installation,
  pod: string,
): Promise<() => Promise<void>> {
  const filter = (action: '-A' | '-D'): Promise<void> =>
    withProgram(installation, pod, async (node, pid) => {
      const rule = ['OUTPUT', '-p', 'tcp', '--dport', String(CONTROL_PORT), '-j', 'DROP'];
      await node.run(['nsenter', `--target=${pid}`, '--net', '--', 'iptables', action, ...rule]);
    });
  await filter('-A');
  return () => filter('-D');
}

async function withProgram(
  { kubectl }: Installation,
  pod: string,
  work: (node: NodeAccess, pid: string) => Promise<void>,
): Promise<void> {
  const state = inject('nodeState');
  if (state === undefined) throw new Error('the nodes of this cluster are not ours');
  await using node = await attachNode(state);
  // A status may tell of a container that has just ended, and its next one has yet to start.
  const pid = await waitFor(
    `a program of ${pod}`,
    async () => {
      const { status } = await kubectl.get(...inSystem('pod', pod));
      const id = String(status.containerStatuses[0].containerID).replace('containerd://', '');
      const tasks = await node.run(['ctr', '--namespace=k8s.io', 'tasks', 'list']);
      return new RegExp(`^${id}\\s+(\\d+)\\s+RUNNING`, 'm').exec(tasks)?.[1];
    },
    STARTS,
  );
  await work(node, pid);
}
