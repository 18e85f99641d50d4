import { RESOURCES } from '../../../api/crd/definitions.ts';
import { GROUP, VERSION } from '../../../api/group.ts';
import { crdProblems } from '../../../controller/preflight/crds.ts';
import { isStatus } from '../../../kube/api-error.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../../kube/well-known.ts';
import { orOk, type Said, wrong } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

const INSTALL =
  'Install them with `tenantbot crds | kubectl apply --server-side -f -`, or by the chart.';

interface Definition {
  readonly spec: { readonly conversion?: { readonly strategy?: string } };
  readonly status?: {
    readonly storedVersions?: readonly string[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** Whether the CRDs are there, whole, served, and stored in the version that this program knows. */
export async function checkCrds({ client }: ClusterWorld): Promise<readonly Said[]> {
  const gaps = (await crdProblems(client, {})).map((sentence) =>
    wrong(sentence.replace(/ Install them.*$/, ''), INSTALL),
  );
  const states = await Promise.all(RESOURCES.map(({ plural }) => stateOf(client, plural)));
  return orOk([...gaps, ...states.flat()], `Both CRDs are there, with all fields of ${VERSION}.`);
}

async function stateOf(client: KubeClient, plural: string): Promise<readonly Said[]> {
  const name = `${plural}.${GROUP}`;
  try {
    return faults(name, (await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name })) as Definition);
  } catch (error) {
    // That it is missing was said.
    if (isStatus(error, 404)) return [];
    throw error;
  }
}

function faults(name: string, { spec, status = {} }: Definition): readonly Said[] {
  const { conditions = [], storedVersions = [] } = status;
  const refused = conditions.find(
    ({ type, status }) =>
      (type === 'Established' && status === 'False') ||
      (type === 'NamesAccepted' && status === 'False'),
  );
  const others = storedVersions.filter((version) => version !== VERSION);
  const strategy = spec.conversion?.strategy ?? 'None';
  return [
    ...(refused
      ? [
          wrong(
            `The CRD ${name} is not served: ${refused.message ?? refused.type}.`,
            'Take away what else has its names, such as the CRD of another group with the short name.',
          ),
        ]
      : []),
    ...(others.length > 0
      ? [
          wrong(
            `Objects of ${name} may be stored as ${others.join(', ')}, which this version can't read.`,
            'Use the version of tenantbot that made them, or write all of them anew and take that version out of status.storedVersions.',
          ),
        ]
      : []),
    ...(strategy === 'None'
      ? []
      : [
          wrong(
            `The CRD ${name} is converted by ${strategy}, and nobody of this version answers there.`,
            INSTALL,
          ),
        ]),
  ];
}
