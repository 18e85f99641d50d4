import { BOT_FLEETS } from '../../../controller/fleet/stored-fleet.ts';
import { PART_OF } from '../../../controller/names.ts';
import { PODS, type Pod, STATEFUL_SETS } from '../../../kube/well-known.ts';
import { seenObject } from '../../cluster-objects.ts';
import { fleetFindings } from '../conditions.ts';
import { orOk, type Said, wrong } from '../finding.ts';
import { argumentOf, type ClusterWorld } from './world.ts';

/** What fleets say of themselves. */
export async function checkFleets({ client, namespace }: ClusterWorld): Promise<readonly Said[]> {
  const { items } = await client.list(BOT_FLEETS, { namespace });
  if (items.length > 0) return fleetFindings(items.map((fleet) => seenObject(fleet, BOT_FLEETS)));
  const words = `There is no BotFleet in ${namespace}: no bot can run.`;
  return [wrong(words, 'Make one; the chart has defaultFleet for that.')];
}

/** Whether all shards are up, and of the operator's version. */
export async function checkShards(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace, operators } = world;
  const selection = { namespace, labelSelector: PART_OF };
  const [sets, pods] = await Promise.all([
    client.list(STATEFUL_SETS, selection),
    client.list(PODS, { namespace, labelSelector: 'app.kubernetes.io/component=runtime' }),
  ]);
  const said = sets.items.flatMap(({ metadata, spec, status = {} }) => {
    const { replicas = 1 } = spec;
    const { readyReplicas = 0, updatedReplicas = replicas } = status;
    const name = `StatefulSet ${namespace}/${metadata.name}`;
    const own = pods.items.filter((pod) => pod.metadata.name.startsWith(`${metadata.name}-`));
    const remedy = `Look at \`kubectl -n ${namespace} describe statefulset ${metadata.name}\`, and at its pods.`;
    if (readyReplicas < replicas) {
      const why =
        own.map(troubleOf).find((trouble) => trouble !== undefined) ?? missing(own, replicas);
      return [wrong(`${name}: ${readyReplicas} of ${replicas} shards are up. ${why}`, remedy)];
    }
    return updatedReplicas < replicas
      ? [
          wrong(
            `${name}: ${updatedReplicas} of ${replicas} shards are as the operator wants them.`,
            remedy,
          ),
        ]
      : [];
  });
  const image = argumentOf(operators[0], '--image');
  const words = `All shards are up${image === undefined ? '' : `; new ones run ${image}`}.`;
  return orOk(said, words);
}

function missing(pods: readonly Pod[], replicas: number): string {
  return pods.length < replicas ? `${replicas - pods.length} of their pods are not even made.` : '';
}

function troubleOf({ metadata, status = {} }: Pod): string | undefined {
  const unscheduled = status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled) return `Pod ${metadata.name} finds no node: ${unscheduled.message}`;
  const waiting = status.containerStatuses?.[0]?.state?.waiting;
  if (!waiting?.reason) return undefined;
  return `Pod ${metadata.name} waits: ${waiting.reason}${waiting.message === undefined ? '' : `, ${waiting.message}`}.`;
}
