import type { KubeObject, ObjectMeta, Resource } from './resource.ts';

// The built-in kinds that this program touches, with those of their fields that it reads.

export interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly serviceAccountName?: string };
  readonly status?: {
    readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    readonly podIP?: string;
    readonly conditions?: readonly PodCondition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

/** Values are base64: they must be wrapped in a `Secret` of src/lib as soon as they are decoded. */
export interface KubeSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface Namespace extends KubeObject {
  readonly status?: { readonly phase?: 'Active' | 'Terminating' };
}

export interface StatefulSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly serviceName?: string;
    readonly template: { readonly metadata?: Partial<ObjectMeta>; readonly spec?: object };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

/** Of events.k8s.io/v1. */
export interface KubeEvent extends KubeObject {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note?: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

/** Which object an event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** Never stored: creating one asks a question, and the answer is its status. */
export interface TokenReview extends KubeObject {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly error?: string;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

/** Never stored, as {@link TokenReview}. */
export interface SubjectAccessReview extends KubeObject {
  readonly status?: {
    readonly allowed: boolean;
    readonly denied?: boolean;
    readonly reason?: string;
  };
}

export interface CustomResourceDefinition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
    }[];
  };
  readonly status?: { readonly conditions?: readonly PodCondition[] };
}

/** A kind of the core group. */
function core<T extends KubeObject>(kind: string, plural: string, namespaced = true): Resource<T> {
  return { group: '', version: 'v1', kind, plural, namespaced };
}

/** A kind of another group, in its version `v1`. */
function v1<T extends KubeObject>(
  group: string,
  kind: string,
  plural: string,
  namespaced = true,
): Resource<T> {
  return { group, version: 'v1', kind, plural, namespaced };
}

export const PODS = core<Pod>('Pod', 'pods');
export const SECRETS = core<KubeSecret>('Secret', 'secrets');
export const CONFIG_MAPS = core<ConfigMap>('ConfigMap', 'configmaps');
export const SERVICES = core('Service', 'services');
export const SERVICE_ACCOUNTS = core('ServiceAccount', 'serviceaccounts');
export const NAMESPACES = core<Namespace>('Namespace', 'namespaces', false);
export const STATEFUL_SETS = v1<StatefulSet>('apps', 'StatefulSet', 'statefulsets');
export const POD_DISRUPTION_BUDGETS = v1('policy', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const NETWORK_POLICIES = v1('networking.k8s.io', 'NetworkPolicy', 'networkpolicies');
export const EVENTS = v1<KubeEvent>('events.k8s.io', 'Event', 'events');
export const TOKEN_REVIEWS = v1<TokenReview>(
  'authentication.k8s.io',
  'TokenReview',
  'tokenreviews',
  false,
);
export const SUBJECT_ACCESS_REVIEWS = v1<SubjectAccessReview>(
  'authorization.k8s.io',
  'SubjectAccessReview',
  'subjectaccessreviews',
  false,
);
export const SELF_SUBJECT_ACCESS_REVIEWS = v1<SubjectAccessReview>(
  'authorization.k8s.io',
  'SelfSubjectAccessReview',
  'selfsubjectaccessreviews',
  false,
);
export const CUSTOM_RESOURCE_DEFINITIONS = v1<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);
