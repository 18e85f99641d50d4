import { pino } from 'pino';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Authenticate, Authentication } from '../../../src/control/authenticate.ts';
import {
  CONTROL_AUDIENCE,
  shardAuthenticator,
} from '../../../src/controller/channel/shard-authenticator.ts';
import { FLEET_LABEL } from '../../../src/controller/names.ts';
import { isStatus } from '../../../src/kube/api-error.ts';
import { Cache } from '../../../src/kube/cache.ts';
import type { Lister } from '../../../src/kube/lister.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { type KubeObject, objectKey, type Resource } from '../../../src/kube/resource.ts';
import { PODS, type Pod, SERVICE_ACCOUNTS, STATEFUL_SETS } from '../../../src/kube/well-known.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';
import { waitFor } from '../../support/wait.ts';

const SET = 'tenantbot-default';
const POD = `${SET}-0`;
const NOT_KNOWN = { kind: 'refused', message: expect.stringContaining('is not known here') };
const NOT_OURS = { kind: 'refused', message: expect.stringContaining('is not one of a pod') };

interface TokenRequest extends KubeObject {
  readonly status: { readonly token: string };
}

describeWithApiServer('who speaks for a shard', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);
  let pods: Lister<Pod>;
  let authenticate: Authenticate;

  beforeEach(async () => {
    await startShard();
    const cache = await watchPods();
    pods = cache;
    authenticate = by(pods);
    await untilListed(await pod());
    return async () => {
      for (const [resource, name] of [
        [STATEFUL_SETS, SET],
        [SERVICE_ACCOUNTS, SET],
      ] as const) {
        await world.client.delete(resource, { namespace: world.namespace, name });
      }
      await deleteByForce();
    };
  });

  it('is the pod that runs under its name, by a token for this channel alone', async () => {
    const { uid } = (await pod()).metadata;
    const shard = { fleet: 'default', ordinal: 0 };
    expect(await ask(await tokenOf(uid))).toEqual({ kind: 'shard', shard, pod: POD, podUid: uid });
    expect(await ask(await tokenOf(uid, 'https://kubernetes.default.svc'))).toEqual(NOT_OURS);
    // The account's, of no pod.
    expect(await ask(await tokenOf(undefined))).toEqual(NOT_OURS);
    expect(await ask(new Secret('none'))).toEqual(NOT_OURS);
  });

  it('is no pod that was deleted by force, as soon as another one has its name', async () => {
    const before = (await pod()).metadata.uid;
    const token = await tokenOf(before);
    expect(await ask(token)).toMatchObject({ kind: 'shard', podUid: before });
    await deleteByForce();
    const next = await waitFor('the next pod', async () => {
      const present = await pod().catch(() => undefined);
      return present?.metadata.uid !== before && present;
    });
    await untilListed(next);
    // The API server was asked about it a moment ago: it is the pod that tells.
    expect(await ask(token)).toEqual(NOT_KNOWN);
    expect(await ask(await tokenOf(next.metadata.uid))).toMatchObject({
      kind: 'shard',
      podUid: next.metadata.uid,
    });
  });

  it('is nobody once the pod was deleted by force and none has its name', async () => {
    const token = await tokenOf((await pod()).metadata.uid);
    expect(await ask(token)).toMatchObject({ kind: 'shard' });
    await stopShard();
    await deleteByForce();
    await waitFor('the cache to know', () => pods.size === 0);
    expect(await ask(token)).toEqual(NOT_KNOWN);
  });

  it('is told by the API server where the operator has not heard of the deletion yet', async () => {
    const last = await pod();
    const token = await tokenOf(last.metadata.uid);
    await stopShard();
    await deleteByForce();
    const late = { ...pods, get: () => last } as Lister<Pod>;
    expect(await by(late)(token, AbortSignal.timeout(10_000))).toEqual(NOT_OURS);
    // Nor does it make out another one.
    const again = tokenOf(last.metadata.uid);
    await expect(again).rejects.toSatisfy((error: unknown) => isStatus(error, 404));
  });

  function by(lister: Lister<Pod>): Authenticate {
    const { client, namespace } = world;
    return shardAuthenticator({ client, pods: lister, namespace, clock: systemClock });
  }

  function ask(token: Secret): Promise<Authentication> {
    return authenticate(token, AbortSignal.timeout(10_000));
  }

  async function untilListed({ metadata }: Pod): Promise<void> {
    const key = objectKey(metadata);
    await waitFor('the cache to know', () => pods.get(key)?.metadata.uid === metadata.uid);
  }

  function pod(): Promise<Pod> {
    return world.client.get(PODS, { namespace: world.namespace, name: POD });
  }

  function deleteByForce(): Promise<void> {
    const ref = { namespace: world.namespace, name: POD };
    return world.client.delete(PODS, ref, { gracePeriodSeconds: 0 });
  }

  /** As a kubelet asks for it: bound to the pod, where it is for one. */
  async function tokenOf(podUid: string | undefined, audience = CONTROL_AUDIENCE): Promise<Secret> {
    const requests: Resource<TokenRequest> = {
      group: '',
      version: 'v1',
      kind: 'TokenRequest',
      plural: `serviceaccounts/${SET}/token`,
      namespaced: true,
    };
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: POD, uid: podUid };
    const { status } = await world.client.create(requests, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace: world.namespace },
      spec: { audiences: [audience], ...(podUid !== undefined && { boundObjectRef }) },
    });
    return new Secret(status.token);
  }

  /** The StatefulSet controller makes the pod. */
  async function startShard(): Promise<void> {
    const { client, namespace } = world;
    const options = { fieldManager: 'test', force: true };
    const metadata = { name: SET, namespace };
    await client.apply(
      SERVICE_ACCOUNTS,
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      options,
    );
    const labels = { [FLEET_LABEL]: 'default' };
    const container = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const podSpec = {
      serviceAccountName: SET,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'runtime', image: 'runtime', securityContext: container }],
    };
    await client.apply(
      STATEFUL_SETS,
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata,
        spec: {
          replicas: 1,
          serviceName: SET,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: podSpec },
        },
      },
      options,
    );
    await waitFor('the pod', () => pod().catch(() => undefined));
  }

  async function stopShard(): Promise<void> {
    const ref = { namespace: world.namespace, name: SET };
    await world.client.delete(STATEFUL_SETS, ref, { propagationPolicy: 'Orphan' });
  }

  async function watchPods(): Promise<Cache<Pod>> {
    const log = pino({ level: 'silent' });
    const cache = new Cache<Pod>({ log });
    const { client, namespace } = world;
    const parts = { client, clock: systemClock, random: systemRandom, log };
    const reflector = new Reflector({ ...parts, resource: PODS, scope: { namespace }, cache });
    const stop = new AbortController();
    const running = reflector.start(stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await running;
    });
    await cache.waitForSync(AbortSignal.timeout(20_000));
    return cache;
  }
});
