import { versionProblem } from '../../../controller/preflight/server-version.ts';
import { ok, orOk, type Said, warning, wrong } from '../finding.ts';
import type { ClusterWorld, Deployment } from './world.ts';

const VERSION_LABEL = 'app.kubernetes.io/version';

/** Whether the API server is new enough. */
export async function checkApiServer({ client }: ClusterWorld): Promise<readonly Said[]> {
  const problem = versionProblem(await client.getPath('/version'));
  if (problem === undefined) return [ok('The API server is new enough.')];
  return [wrong(problem.replace(' Upgrade the cluster.', ''), 'Upgrade the cluster.')];
}

/** Whether there is one operator, all of its replicas are ready, and of which version it is. */
export async function checkOperator(world: ClusterWorld): Promise<readonly Said[]> {
  const { operators, namespace, version } = world;
  if (operators.length === 0) {
    return [
      wrong(
        `There is no Deployment of an operator in ${namespace}.`,
        'Install it with the chart, or name its namespace with --operator-namespace.',
      ),
    ];
  }
  if (operators.length > 1) {
    const names = operators.map(nameOf).join(', ');
    return [
      wrong(
        `There are several operators: ${names}. Each would take the other's fleets for its own.`,
        'Keep one in each namespace, and see that their --watch-namespaces have nothing in common.',
      ),
    ];
  }
  return operators.flatMap((operator) =>
    orOk([...readiness(operator), ...skew(operator, version)], `${nameOf(operator)} is ready.`),
  );
}

function readiness(operator: Deployment): readonly Said[] {
  const { spec, status = {} } = operator;
  const wanted = spec.replicas ?? 1;
  const ready = status.readyReplicas ?? 0;
  const { namespace } = operator.metadata;
  if (wanted === 0) {
    const remedy = `kubectl -n ${namespace} scale deployment ${operator.metadata.name} --replicas 2`;
    return [
      wrong(
        `${nameOf(operator)} is scaled to 0 replicas: bots answer, but nothing changes.`,
        remedy,
      ),
    ];
  }
  if (ready >= wanted) return [];
  const why = status.conditions?.find(({ status }) => status === 'False')?.message;
  const words = `${nameOf(operator)}: ${ready} of ${wanted} replicas are ready.${why === undefined ? '' : ` ${why}`}`;
  const remedy = `Look at \`kubectl -n ${namespace} describe pods -l app.kubernetes.io/component=operator\` and at their logs.`;
  return [ready === 0 ? wrong(words, remedy) : warning(words, remedy)];
}

function skew({ metadata }: Deployment, own: string): readonly Said[] {
  const theirs = metadata.labels?.[VERSION_LABEL];
  if (theirs === undefined || theirs === own) return [];
  return [
    warning(
      `The operator is of version ${theirs}, this program of ${own}.`,
      'Use the program of the same version as the operator.',
    ),
  ];
}

function nameOf({ metadata }: Deployment): string {
  return `Deployment ${metadata.namespace}/${metadata.name}`;
}
