import type { CallOptions, KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { SELF_SUBJECT_ACCESS_REVIEWS, SUBJECT_ACCESS_REVIEWS } from '../../kube/well-known.ts';
import type { Right } from '../rights.ts';

/** Where the operator needs its rights. */
export interface Places {
  readonly ownNamespace: string;
  /** Where bots may live; all namespaces where undefined. */
  readonly botNamespaces: readonly string[] | undefined;
}

/** One right in one place, as the API server is asked about it. */
interface Question {
  readonly right: Right;
  readonly verb: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

/** Who needs which rights, and where. */
export interface Needs {
  readonly rights: readonly Right[];
  readonly places: Places;
  /** Whose rights are asked about; this program's own unless given. */
  readonly account?: { readonly namespace: string; readonly name: string } | undefined;
}

/** One sentence for each of `rights` that this program, or `account`, does not have, naming the rule. */
export async function missingRights(
  client: KubeClient,
  { rights, places, account }: Needs,
  options: CallOptions,
): Promise<string[]> {
  const questions = rights.flatMap((right) => questionsAbout(right, places));
  const answers = await Promise.all(
    questions.map(async (question) => ({
      question,
      allowed: await isAllowed(client, { ...question, account }, options),
    })),
  );
  return answers.filter(({ allowed }) => !allowed).map(({ question }) => sentence(question));
}

function questionsAbout(right: Right, places: Places): Question[] {
  return namespacesOf(right, places).flatMap((namespace) =>
    right.verbs.flatMap((verb) =>
      (right.names ?? [undefined]).map((name) => ({ right, verb, name, namespace })),
    ),
  );
}

function namespacesOf({ where }: Right, places: Places): readonly (string | undefined)[] {
  if (where === 'own') return [places.ownNamespace];
  return where === 'bots' ? (places.botNamespaces ?? [undefined]) : [undefined];
}

async function isAllowed(
  client: KubeClient,
  { right, verb, name, namespace, account }: Question & Pick<Needs, 'account'>,
  options: CallOptions,
): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const resources = account ? SUBJECT_ACCESS_REVIEWS : SELF_SUBJECT_ACCESS_REVIEWS;
  const review: Manifest = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: resources.kind,
    metadata: {},
    spec: {
      ...(account && subjectOf(account)),
      resourceAttributes: { group: right.group, resource, subresource, verb, name, namespace },
    },
  };
  const { status } = await client.create(resources, review, options);
  return status?.allowed === true;
}

/** How the API server knows a ServiceAccount. */
function subjectOf({ namespace, name }: NonNullable<Needs['account']>): object {
  const groups = [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
    'system:authenticated',
  ];
  return { user: `system:serviceaccount:${namespace}:${name}`, groups };
}

function sentence({ right, verb, name, namespace }: Question): string {
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace "${namespace}"`;
  const which = name === undefined ? '' : `, resourceNames ["${name}"]`;
  return `Not allowed ${where}: apiGroups ["${right.group}"], resources ["${right.resource}"], verbs ["${verb}"]${which}. Add the rule to the operator's role; the chart has it.`;
}
