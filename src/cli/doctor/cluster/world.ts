import type { KubeClient } from '../../../kube/client.ts';
import type { KubeObject, Resource } from '../../../kube/resource.ts';

/** The Deployment of an operator, as far as it is looked at. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly containers?: readonly {
          readonly image?: string;
          readonly args?: readonly string[];
        }[];
      };
    };
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

export const DEPLOYMENTS: Resource<Deployment> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

/** Selects the operators' own Deployments, as the chart labels them. */
const OPERATOR = 'app.kubernetes.io/part-of=tenantbot,app.kubernetes.io/component=operator';

/** What the checks of a cluster look at. */
export interface ClusterWorld {
  readonly client: KubeClient;
  /** Where the operator, its fleets and their pods are. */
  readonly namespace: string;
  /** The operator's Deployments there; one, where all is well. */
  readonly operators: readonly Deployment[];
  /** The version of this program. */
  readonly version: string;
  readonly nowMs: number;
}

/** Where operators are: in the namespace that is named, else wherever there are any. */
export async function findOperators(
  client: KubeClient,
  namespace: string | undefined,
): Promise<readonly Deployment[]> {
  return (await client.list(DEPLOYMENTS, { namespace, labelSelector: OPERATOR })).items;
}

/** A flag that the operator was started with. */
export function argumentOf(deployment: Deployment | undefined, flag: string): string | undefined {
  const args = deployment?.spec.template.spec?.containers?.[0]?.args ?? [];
  const given = args.find((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return given === undefined ? undefined : given.slice(flag.length + 1);
}
