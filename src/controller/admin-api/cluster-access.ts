import { createHash } from 'node:crypto';
import type { Access, Caller, Right } from '../../admin/caller.ts';
import { GROUP } from '../../api/group.ts';
import type { CallOptions, KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS, type TokenReview } from '../../kube/well-known.ts';
import { abortable } from '../../lib/abortable.ts';
import { AnswerCache } from '../../lib/answer-cache.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';

/** How long the API server's word holds: so long a right that was taken away may last. */
const HOLDS_MS = 60_000;
/** A right that was just given is not waited for as long. */
const DENIAL_HOLDS_MS = 10_000;
const MAX_CALLERS = 2_000;
const MAX_RIGHTS = 50_000;
/** What several wait for must not end because one of them has gone. */
const ANSWER_WITHIN_MS = 10_000;

type User = NonNullable<NonNullable<TokenReview['status']>['user']>;

/** A caller as the API server knows it. */
interface KubeCaller extends Caller {
  readonly user: User;
  /** Stands for the token in keys. */
  readonly digest: string;
}

/**
 * Who asks and what they may, in the word of the API server: TokenReview for tokens made out for
 * the API server itself, SubjectAccessReview for rights such as `update tenantbots/breaker`.
 */
export function clusterAccess(client: KubeClient, clock: Clock): Access {
  const callers = new AnswerCache<{ readonly caller: KubeCaller | undefined }>({
    max: MAX_CALLERS,
    holdsMs: ({ caller }) => (caller ? HOLDS_MS : 0),
    clock,
  });
  const rights = new AnswerCache<{ readonly allowed: boolean }>({
    max: MAX_RIGHTS,
    holdsMs: ({ allowed }) => (allowed ? HOLDS_MS : DENIAL_HOLDS_MS),
    clock,
  });
  // Callers of this access come from its own `authenticate`.
  const known = new WeakMap<Caller, KubeCaller>();

  async function identify(token: Secret, digest: string) {
    const user = await reviewToken(client, token);
    const caller =
      user?.username === undefined ? undefined : { name: user.username, token, user, digest };
    if (caller) known.set(caller, caller);
    return { caller };
  }

  return {
    async authenticate(token, signal) {
      const digest = createHash('sha256').update(token.reveal()).digest('base64');
      const found = await abortable(
        callers.get(digest, () => identify(token, digest)),
        signal,
      );
      return found.caller;
    },
    async may(caller, right, signal) {
      const { user, digest } = known.get(caller) ?? {};
      if (!user) return false;
      const { verb, resource, part, namespace, name } = right;
      const key = JSON.stringify([digest, verb, resource, part, namespace, name]);
      const answer = await abortable(
        rights.get(key, () => reviewRight(client, user, right)),
        signal,
      );
      return answer.allowed;
    },
  };
}

async function reviewToken(client: KubeClient, token: Secret): Promise<User | undefined> {
  const request: Manifest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    // Without audiences: those of the API server itself, which writes are made at with the token.
    spec: { token: token.reveal() },
  };
  const { status } = await client.create(TOKEN_REVIEWS, request, reviewing());
  return status?.authenticated ? status.user : undefined;
}

async function reviewRight(
  client: KubeClient,
  { username, uid, groups, extra }: User,
  { verb, resource, part, namespace, name }: Right,
): Promise<{ readonly allowed: boolean }> {
  const request: Manifest = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: username,
      uid,
      groups,
      extra,
      resourceAttributes: { group: GROUP, verb, resource, subresource: part, namespace, name },
    },
  };
  const { status } = await client.create(SUBJECT_ACCESS_REVIEWS, request, reviewing());
  return { allowed: status?.allowed === true };
}

/** What is done for bots goes before what is looked at. */
function reviewing(): CallOptions {
  return { priority: 'routine', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
}
