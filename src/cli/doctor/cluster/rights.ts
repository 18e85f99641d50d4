import { GROUP } from '../../../api/group.ts';
import { missingRights } from '../../../controller/preflight/rights.ts';
import { type Right, rightsFor } from '../../../controller/rights.ts';
import { orOk, type Said, unknown, warning, wrong } from '../finding.ts';
import { argumentOf, type ClusterWorld } from './world.ts';

/** What the other commands need of whoever runs them. */
const OF_USERS: readonly Right[] = [
  { group: GROUP, resource: 'tenantbots', verbs: ['get', 'list', 'patch'], where: 'bots' },
  { group: GROUP, resource: 'botfleets', verbs: ['list'], where: 'own' },
];

/** Whether whoever asks may look at bots in all namespaces, and act on them. */
export async function checkOwnRights({
  client,
  namespace,
}: ClusterWorld): Promise<readonly Said[]> {
  const places = { ownNamespace: namespace, botNamespaces: undefined };
  const missing = await missingRights(client, { rights: OF_USERS, places }, {});
  const said = missing.map((sentence) =>
    warning(
      `You: ${rule(sentence)}`,
      'Commands work in the namespaces where you may; else ask for the role that the chart makes.',
    ),
  );
  return orOk(said, 'You may look at bots in all namespaces, and act on them.');
}

/** Whether the operator's ServiceAccount has all rights that it needs. */
export async function checkOperatorRights(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace, operators } = world;
  const [operator] = operators;
  const name = operator?.spec.template.spec?.serviceAccountName;
  if (name === undefined) {
    return [unknown('There is no operator whose rights could be looked at.', 'Install it first.')];
  }
  const watchSecrets = argumentOf(operator, '--watch-secrets') !== undefined;
  const rights = rightsFor({ watchSecrets });
  const botNamespaces = argumentOf(operator, '--watch-namespaces')?.split(',');
  const places = { ownNamespace: namespace, botNamespaces };
  const missing = await missingRights(client, { rights, places, account: { namespace, name } }, {});
  const said = missing.map((sentence) =>
    wrong(
      `ServiceAccount ${namespace}/${name}: ${rule(sentence)}`,
      "Add the rule to the operator's role; the chart has it.",
    ),
  );
  return orOk(said, `ServiceAccount ${namespace}/${name} has all rights that it needs.`);
}

function rule(sentence: string): string {
  return sentence.replace(/ Add the rule.*$/, '');
}
