import { isStatus } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Lister } from '../kube/lister.ts';
import type { KubeObject } from '../kube/resource.ts';
import { PODS } from '../kube/well-known.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { News } from '../lib/news.ts';
import type { Log } from '../telemetry/log.ts';

/** The Service of the control channel selects the pod that has this label. */
export const ROLE_LABEL = 'tenantbot.dev/role';
const LEADER = 'leader';
const AGAIN_MS = 1000;

/** Who marks the leader's pod, and with what. */
export interface LeaderLabelOptions {
  readonly client: KubeClient;
  readonly pods: Lister<KubeObject>;
  readonly namespace: string;
  /** This replica's own pod. */
  readonly podName: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Until `signal` aborts, sees to it that this pod alone is marked as the leader's, whoever puts the
 * mark elsewhere or takes it away: runtimes are led by it. Outside a cluster there is no pod to mark.
 */
export async function keepLeaderMarked(
  options: LeaderLabelOptions,
  signal: AbortSignal,
): Promise<void> {
  const { pods, clock, log } = options;
  const news = new News();
  const unsubscribe = pods.subscribe(() => news.tell());
  try {
    while (!signal.aborted) {
      const changed = news.next(signal);
      try {
        for (const pod of wronglyMarked(options)) await mark(options, pod, signal);
        await changed;
      } catch (error) {
        if (signal.aborted) return;
        log.error({ error: errorMessage(error) }, 'marking the leader failed; it is tried again');
        await sleep(clock, AGAIN_MS, signal).catch(() => undefined);
      }
    }
  } finally {
    unsubscribe();
  }
}

function wronglyMarked({ pods, namespace, podName }: LeaderLabelOptions): KubeObject[] {
  return [...pods.list()].filter(({ metadata }) => {
    if (metadata.namespace !== namespace) return false;
    const marked = metadata.labels?.[ROLE_LABEL] === LEADER;
    return marked !== (metadata.name === podName);
  });
}

async function mark(
  { client, podName }: LeaderLabelOptions,
  { metadata }: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion, name } = metadata;
  const role = name === podName ? LEADER : null;
  const patch = { metadata: { uid, resourceVersion, labels: { [ROLE_LABEL]: role } } };
  try {
    await client.mergePatch(PODS, metadata, patch, { signal });
  } catch (error) {
    // It has gone or changed, which the cache is about to tell.
    if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
  }
}
