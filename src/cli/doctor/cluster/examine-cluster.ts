import { isStatus } from '../../../kube/api-error.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { errorMessage } from '../../../lib/errors.ts';
import { type Finding, type Said, unknown } from '../finding.ts';
import { type Check, runChecks } from '../run-checks.ts';
import { checkBots } from './bots.ts';
import { checkCertificates } from './certificates.ts';
import { checkCrds } from './crds.ts';
import { checkFleets, checkShards } from './fleets.ts';
import { checkLease } from './lease.ts';
import { checkApiServer, checkOperator } from './operator.ts';
import { checkQuotas } from './quotas.ts';
import { checkOperatorRights, checkOwnRights } from './rights.ts';
import { checkWebhooks } from './webhooks.ts';
import { type ClusterWorld, type Deployment, findOperators } from './world.ts';

/** In the order in which a person would mend things. */
const CHECKS: readonly Check<ClusterWorld>[] = [
  { name: 'api-server', look: checkApiServer }, // all else is asked of it
  { name: 'crds', look: checkCrds }, // without them there is nothing
  { name: 'your-rights', look: checkOwnRights }, // what can't be seen here
  { name: 'operator', look: checkOperator }, // whether it is there and up
  { name: 'operator-rights', look: checkOperatorRights }, // what it may
  { name: 'lease', look: checkLease }, // whether it works
  { name: 'certificates', look: checkCertificates }, // whether shards reach it
  { name: 'fleets', look: checkFleets }, // what it says of fleets
  { name: 'shards', look: checkShards }, // and what is so
  { name: 'quotas', look: checkQuotas }, // what keeps shards away
  { name: 'webhooks', look: checkWebhooks }, // whether updates come in
  { name: 'bots', look: checkBots }, // what tenants have to mend
];

/** Where the chart installs an operator by custom. */
const CUSTOMARY = 'tenantbot-system';

/**
 * What is wrong with an installation in a cluster. Rejects where the API server can't be reached;
 * what the user may not look at is `unknown`.
 */
export async function examineCluster(
  client: KubeClient,
  options: {
    /** The operator's; looked for unless given. */
    readonly namespace: string | undefined;
    readonly version: string;
    readonly nowMs: number;
  },
): Promise<readonly Finding[]> {
  await client.getPath('/version');
  const found = await operators(client, options.namespace);
  const namespace = options.namespace ?? found[0]?.metadata.namespace ?? CUSTOMARY;
  return runChecks(CHECKS, { ...options, client, namespace, operators: found }, cannot);
}

/** Who may not list Deployments everywhere may do so where the operator is by custom. */
async function operators(
  client: KubeClient,
  namespace: string | undefined,
): Promise<readonly Deployment[]> {
  for (const place of new Set([namespace, namespace ?? CUSTOMARY])) {
    try {
      return await findOperators(client, place);
    } catch (error) {
      if (!isStatus(error, 403)) throw error;
    }
  }
  return [];
}

function cannot(error: unknown): Said {
  const message = errorMessage(error);
  return isStatus(error, 403)
    ? unknown(`You may not look: ${message}`, 'Ask as somebody who may, such as an administrator.')
    : unknown(`It could not be found out: ${message}`, 'Mend that, and ask again.');
}
