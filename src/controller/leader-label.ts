import { isStatus } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Lister } from '../kube/lister.ts';
import type { KubeObject } from '../kube/resource.ts';
import { PODS } from '../kube/well-known.ts';

/** The Service of the control channel selects the pod that has this label. */
export const ROLE_LABEL = 'tenantbot.dev/role';
const LEADER = 'leader';

/** Who marks the leader's pod, and with what. */
export interface LeaderLabelOptions {
  readonly client: KubeClient;
  readonly pods: Lister<KubeObject>;
  readonly namespace: string;
  /** This replica's own pod. */
  readonly podName: string;
}

/** Marks this pod as the leader's, and takes the mark from every other. */
export async function markLeader(options: LeaderLabelOptions, signal: AbortSignal): Promise<void> {
  const { pods, podName, namespace } = options;
  await setRole(options, podName, { role: LEADER, signal });
  for (const { metadata } of pods.list()) {
    if (metadata.name === podName || metadata.namespace !== namespace) continue;
    if (metadata.labels?.[ROLE_LABEL] !== LEADER) continue;
    await setRole(options, metadata.name, { role: null, signal });
  }
}

async function setRole(
  { client, namespace }: LeaderLabelOptions,
  name: string,
  { role, signal }: { readonly role: string | null; readonly signal: AbortSignal },
): Promise<void> {
  const patch = { metadata: { labels: { [ROLE_LABEL]: role } } };
  try {
    await client.mergePatch(PODS, { namespace, name }, patch, { signal });
  } catch (error) {
    // A pod that has gone needs no mark, and outside a cluster there is none.
    if (!isStatus(error, 404)) throw error;
  }
}
