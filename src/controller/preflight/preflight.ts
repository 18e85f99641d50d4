import type { CallOptions, KubeClient } from '../../kube/client.ts';
import { environmentError } from '../../lib/errors.ts';
import type { Right } from '../rights.ts';
import { crdProblems } from './crds.ts';
import { missingRights, type Places } from './rights.ts';
import { versionProblem } from './server-version.ts';

/**
 * Makes sure that this cluster has what the operator needs: a new enough API server, the CRDs with
 * all fields, and every right. Rejects with an error that names all that is missing and what to do.
 */
export async function preflight(
  client: KubeClient,
  needs: { readonly rights: readonly Right[]; readonly places: Places },
  options: CallOptions,
): Promise<void> {
  const version = versionProblem(await client.getPath('/version', options));
  // Rights come first: without them the question about CRDs would only be refused.
  const rights = version ? [] : await missingRights(client, needs, options);
  const mayAskForCrds = !rights.some((sentence) => sentence.includes('customresourcedefinitions'));
  const crds = version || !mayAskForCrds ? [] : await crdProblems(client, options);
  const problems = [...(version ? [version] : []), ...rights, ...crds];
  if (problems.length > 0) throw environmentError('PREFLIGHT_FAILED', problems.join('\n'));
}
