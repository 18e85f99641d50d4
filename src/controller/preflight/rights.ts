import type { CallOptions, KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { SELF_SUBJECT_ACCESS_REVIEWS } from '../../kube/well-known.ts';
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

/** One sentence for each of `rights` that this program does not have, naming the rule. */
export async function missingRights(
  client: KubeClient,
  { rights, places }: { readonly rights: readonly Right[]; readonly places: Places },
  options: CallOptions,
): Promise<string[]> {
  const questions = rights.flatMap((right) => questionsAbout(right, places));
  const answers = await Promise.all(
    questions.map(async (question) => ({
      question,
      allowed: await isAllowed(client, question, options),
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
  { right, verb, name, namespace }: Question,
  options: CallOptions,
): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const review: Manifest = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: {
      resourceAttributes: { group: right.group, resource, subresource, verb, name, namespace },
    },
  };
  const { status } = await client.create(SELF_SUBJECT_ACCESS_REVIEWS, review, options);
  return status?.allowed === true;
}

function sentence({ right, verb, name, namespace }: Question): string {
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace "${namespace}"`;
  const which = name === undefined ? '' : `, resourceNames ["${name}"]`;
  return `Not allowed ${where}: apiGroups ["${right.group}"], resources ["${right.resource}"], verbs ["${verb}"]${which}. Add the rule to the operator's role; the chart has it.`;
}
