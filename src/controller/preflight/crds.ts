import { isDeepStrictEqual } from 'node:util';
import { customResourceDefinition, RESOURCES } from '../../api/crd/definitions.ts';
import { GROUP, VERSION } from '../../api/group.ts';
import { isStatus } from '../../kube/api-error.ts';
import type { CallOptions, KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../kube/well-known.ts';

/** Part of a schema, as far as it is looked at here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly schema?: { readonly openAPIV3Schema?: Schema };
}

interface Definition extends KubeObject {
  readonly spec: { readonly versions: readonly Version[] };
}

const REMEDY =
  'Install them with `tenantbot crds | kubectl apply --server-side -f -`, or by the chart.';

/** One sentence for each CustomResourceDefinition that is missing or older than this program. */
export async function crdProblems(client: KubeClient, options: CallOptions): Promise<string[]> {
  const problems: string[] = [];
  for (const resource of RESOURCES) {
    const name = `${resource.plural}.${GROUP}`;
    const wanted = customResourceDefinition(resource) as Definition;
    try {
      const found = (await client.get(
        CUSTOM_RESOURCE_DEFINITIONS,
        { name },
        options,
      )) as Definition;
      const gap = firstGap(wanted, found);
      if (gap) problems.push(`The CRD ${name} is older than this operator: ${gap}. ${REMEDY}`);
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      problems.push(`The CRD ${name} is not installed. ${REMEDY}`);
    }
  }
  return problems;
}

/** What `found` lacks of `wanted`. What it has beyond that, fields or versions, does no harm. */
export function firstGap(wanted: Definition, found: Definition): string | undefined {
  const ours = wanted.spec.versions.find(({ name }) => name === VERSION);
  const theirs = found.spec.versions.find(({ name, served }) => name === VERSION && served);
  if (!theirs) return `it does not serve ${VERSION}`;
  const field = missingField(ours?.schema?.openAPIV3Schema, theirs.schema?.openAPIV3Schema, []);
  if (field !== undefined) return `it lacks the field ${field}`;
  const unselectable = ours?.selectableFields?.find(
    (field) => !theirs.selectableFields?.some((other) => isDeepStrictEqual(other, field)),
  );
  return unselectable && `${unselectable.jsonPath} can't be selected by`;
}

function missingField(
  wanted: Schema | undefined,
  found: Schema | undefined,
  path: readonly string[],
): string | undefined {
  for (const [name, schema] of Object.entries(wanted?.properties ?? {})) {
    const here = [...path, name];
    const other = found?.properties?.[name];
    if (!other) return here.join('.');
    const missing = missingField(schema, other, here);
    if (missing !== undefined) return missing;
  }
  if (!wanted?.items) return undefined;
  return missingField(wanted.items, found?.items, [...path.slice(0, -1), `${path.at(-1)}[]`]);
}
