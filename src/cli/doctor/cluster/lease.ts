import { LEADER_LEASE } from '../../../controller/rights.ts';
import { isStatus } from '../../../kube/api-error.ts';
import { holderOf, LEASES, type Lease } from '../../../kube/elector-record.ts';
import { PODS } from '../../../kube/well-known.ts';
import { fromTimestamp } from '../../../lib/clock.ts';
import { ok, type Said, wrong } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

/** Clocks differ, and an API server may be slow. */
const GRACE_MS = 10_000;
const LOGS =
  "Look at the operator's logs; a Lease that nobody renews is taken by the next replica that comes up.";

/** Whether somebody leads. */
export async function checkLease(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace, nowMs } = world;
  const name = `Lease ${namespace}/${LEADER_LEASE}`;
  const lease = await client.get(LEASES, { namespace, name: LEADER_LEASE }).catch(orUndefined);
  const holder = holderOf(lease);
  if (!lease || holder === undefined)
    return [wrong(`${name} is held by nobody: no operator leads.`, LOGS)];
  const silentMs = nowMs - renewedMs(lease);
  const { leaseDurationSeconds = 0 } = lease.spec ?? {};
  if (silentMs > leaseDurationSeconds * 1_000 + GRACE_MS) {
    const words = `${name} was renewed ${Math.round(silentMs / 1_000)} s ago by ${holder}, for ${leaseDurationSeconds} s: no operator leads.`;
    return [wrong(words, LOGS)];
  }
  const pod = await client.get(PODS, { namespace, name: podOf(holder) }).catch(orUndefined);
  return pod
    ? [ok(`${name} is held by ${holder}.`)]
    : [
        wrong(
          `${name} is held by ${holder}, which is no pod of ${namespace}.`,
          'End whatever runs an operator outside of the cluster, or with the Lease of another.',
        ),
      ];
}

function renewedMs({ spec }: Lease): number {
  const ms = fromTimestamp(spec?.renewTime ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}

/** An identity is the pod's name and something that is new at each start. */
function podOf(holder: string): string {
  return holder.replace(/_[^_]*$/, '');
}

function orUndefined(error: unknown): undefined {
  if (isStatus(error, 404)) return undefined;
  throw error;
}
