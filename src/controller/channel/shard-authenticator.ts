import { createHash } from 'node:crypto';
import type { Authenticate } from '../../control/authenticate.ts';
import type { ShardId } from '../../control/shard-id.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, type Manifest, objectKey } from '../../kube/resource.ts';
import { TOKEN_REVIEWS, type TokenReview } from '../../kube/well-known.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';
import { FLEET_LABEL, fleetObjectName } from '../names.ts';

/** Tokens of runtime pods are made out for this and nothing else, and others are refused. */
export const CONTROL_AUDIENCE = 'tenantbot-control';

/** A token that the API server vouched for is not asked about again for this long. */
const TRUST_MS = 60_000;
const MAX_REMEMBERED = 2_000;

const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';

type ReviewedUser = NonNullable<NonNullable<TokenReview['status']>['user']>;

/** Who a token belongs to, in the API server's word. */
interface PodIdentity {
  readonly username: string;
  readonly pod: string;
  readonly podUid: string;
}

/** What a {@link shardAuthenticator} goes by. */
export interface ShardAuthenticatorOptions {
  readonly client: KubeClient;
  /** Pods of the operator's namespace. */
  readonly pods: Lister<KubeObject>;
  readonly namespace: string;
  readonly clock: Clock;
}

/**
 * Tells which shard the bearer of a token is: the API server vouches for the token and for the pod
 * that it is bound to, and the pod must be the one that the fleet's StatefulSet runs under the
 * shard's name now. Nothing that the caller says of itself counts.
 */
export function shardAuthenticator(options: ShardAuthenticatorOptions): Authenticate {
  const { client, pods, namespace, clock } = options;
  const trusted = new Map<string, { readonly identity: PodIdentity; readonly untilMs: number }>();

  async function identify(token: Secret, signal: AbortSignal): Promise<PodIdentity | undefined> {
    const hash = createHash('sha256').update(token.reveal()).digest('base64');
    const known = trusted.get(hash);
    if (known && known.untilMs > clock.monotonicMs()) return known.identity;
    trusted.delete(hash);
    const identity = await review(client, token, signal);
    if (!identity) return undefined;
    const [oldest] = trusted.keys();
    if (trusted.size >= MAX_REMEMBERED && oldest !== undefined) trusted.delete(oldest);
    trusted.set(hash, { identity, untilMs: clock.monotonicMs() + TRUST_MS });
    return identity;
  }

  return async (token, signal) => {
    const identity = await identify(token, signal);
    if (!identity) return refused('The token is not one of a pod for the control channel.');
    const pod = pods.get(objectKey({ namespace, name: identity.pod }));
    if (pod?.metadata.uid !== identity.podUid) {
      return refused(`Pod ${identity.pod} is not known here; it may be too new, or gone.`);
    }
    const shard = shardOf(pod);
    const account = shard && `system:serviceaccount:${namespace}:${fleetObjectName(shard.fleet)}`;
    if (!shard || identity.username !== account) {
      return refused(`Pod ${identity.pod} is not a runtime pod of a fleet.`);
    }
    return { kind: 'shard', shard, pod: identity.pod, podUid: identity.podUid };
  };
}

async function review(
  client: KubeClient,
  token: Secret,
  signal: AbortSignal,
): Promise<PodIdentity | undefined> {
  const request: Manifest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token: token.reveal(), audiences: [CONTROL_AUDIENCE] },
  };
  const { status } = await client.create(TOKEN_REVIEWS, request, { signal });
  const { authenticated, audiences, user } = status ?? {};
  return authenticated && audiences?.includes(CONTROL_AUDIENCE) ? podOf(user) : undefined;
}

/** The pod that a token is bound to, where it is bound to one. */
function podOf({ username, extra }: ReviewedUser = {}): PodIdentity | undefined {
  const [pod] = extra?.[POD_NAME] ?? [];
  const [podUid] = extra?.[POD_UID] ?? [];
  if (username === undefined || pod === undefined || podUid === undefined) return undefined;
  return { username, pod, podUid };
}

/** The shard that a pod hosts: the StatefulSet that owns it and the ordinal in its name say so. */
export function shardOf({ metadata }: KubeObject): ShardId | undefined {
  const fleet = metadata.labels?.[FLEET_LABEL];
  if (fleet === undefined) return undefined;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== 'StatefulSet' || owner.name !== fleetObjectName(fleet)) return undefined;
  const prefix = `${owner.name}-`;
  const ordinal = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(ordinal) ? { fleet, ordinal: Number(ordinal) } : undefined;
}

function refused(message: string): { readonly kind: 'refused'; readonly message: string } {
  return { kind: 'refused', message };
}
