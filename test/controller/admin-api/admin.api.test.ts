import { Registry } from 'prom-client';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { memoryCounters } from '../../../src/admin/limits/counters.ts';
import { DEFAULT_LIMITS } from '../../../src/admin/limits/limit-classes.ts';
import { Limits } from '../../../src/admin/limits/limits.ts';
import { parseNetwork } from '../../../src/admin/limits/networks.ts';
import { serveAdmin } from '../../../src/controller/admin-api/serve-admin.ts';
import { TENANT_BOTS } from '../../../src/controller/bot/stored-bot.ts';
import { ClusterCaches } from '../../../src/controller/cluster-caches.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { asBearer, loadClusterAccess } from '../../../src/kube/kubeconfig.ts';
import type { KubeObject, Manifest, Resource } from '../../../src/kube/resource.ts';
import { SERVICE_ACCOUNTS, TOKEN_REVIEWS } from '../../../src/kube/well-known.ts';
import { issueCertificate, makeAuthority } from '../../../src/lib/certificates.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import type { Secret } from '../../../src/lib/secret.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';
import { makeLog } from '../../standalone/support.ts';
import { waitFor } from '../../support/wait.ts';
import { type Answer, ask } from './ask.ts';

const RBAC = 'rbac.authorization.k8s.io';
const FOREIGN = 'somebody-else';

interface TokenRequest extends KubeObject {
  readonly status: { readonly token: string };
}

describeWithApiServer('the admin API in a cluster', ({ kubeconfig }) => {
  const mine = apiWorld(kubeconfig);
  const theirs = apiWorld(kubeconfig);
  let get: (path: string, token?: string) => Promise<Answer>;
  let send: (method: string, path: string, token: string, body?: object) => Promise<Answer>;

  beforeEach(async () => {
    await Promise.all([makeBot(mine, 'shop'), makeBot(theirs, 'rival')]);
    const url = await serve();
    get = (path, token) => ask(url, { path, token });
    send = (method, path, token, body) => ask(url, { method, path, token, body });
    await waitFor('the caches to know', async () => {
      const token = await tokenOf(mine, 'reader', ['get', 'list']);
      return (await get(`/v1/bots/${mine.namespace}/shop`, token)).status === 200;
    });
  });

  it('knows who asks by tokens for the API server alone', async () => {
    const token = await tokenOf(mine, 'reader', ['get', 'list']);
    const me = await get('/v1/me', token);
    expect(me).toMatchObject({
      status: 200,
      body: {
        name: `system:serviceaccount:${mine.namespace}:reader`,
        mode: 'cluster',
        rights: { fleet: false, create: false, change: false },
      },
    });
    const [head = '', payload = '', signature = ''] = token.split('.');
    const forged = [
      `${head}.${payload}.${signature.split('').toReversed().join('')}`,
      `${head}.${toAnother(payload)}.${signature}`,
      await tokenOf(mine, 'reader', [], { audience: FOREIGN }),
      'x',
    ];
    for (const bad of forged) {
      expect(await get('/v1/me', bad)).toMatchObject({
        status: 401,
        body: { code: 'TOKEN_REFUSED' },
      });
    }
    expect(await get('/v1/me')).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
  });

  it('takes no token that has ended with its account', async () => {
    const token = await tokenOf(mine, 'leaver', ['get']);
    await mine.client.delete(SERVICE_ACCOUNTS, { namespace: mine.namespace, name: 'leaver' });
    await waitFor('the API server to refuse it', async () => {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {} };
      const { status } = await mine.client.create(TOKEN_REVIEWS, { ...review, spec: { token } });
      return status?.authenticated !== true;
    });
    expect((await get('/v1/me', token)).status).toBe(401);
  });

  it('hides the bots of others as if there were none', async () => {
    const token = await tokenOf(mine, 'reader', ['get', 'list']);
    const hidden = await get(`/v1/bots/${theirs.namespace}/rival`, token);
    const missing = await get(`/v1/bots/${theirs.namespace}/nobody`, token);
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    expect(JSON.stringify(hidden.body).replaceAll('rival', 'nobody')).toBe(
      JSON.stringify(missing.body),
    );
    for (const query of ['', '?search=rival', '?sort=name', '?sort=-name']) {
      const { status, body } = await get(`/v1/bots${query}`, token);
      expect([status, JSON.stringify(body).includes('rival')]).toEqual([200, false]);
    }
    expect((await get(`/v1/bots?namespace=${theirs.namespace}`, token)).status).toBe(403);
  });

  it('changes bots with the rights of whoever asks, and with no others', async () => {
    const path = `/v1/bots/${mine.namespace}/shop`;
    const reader = await tokenOf(mine, 'reader', ['get', 'list']);
    expect((await send('POST', `${path}/suspend`, reader)).status).toBe(403);
    const writer = await tokenOf(mine, 'writer', ['get', 'list', 'patch']);
    expect(await send('POST', `${path}/suspend`, writer)).toMatchObject({ status: 200 });
    const bot = await mine.client.get(TENANT_BOTS, { namespace: mine.namespace, name: 'shop' });
    expect(bot.spec).toMatchObject({ suspended: true });
    const other = `/v1/bots/${theirs.namespace}/rival`;
    expect((await send('POST', `${other}/suspend`, writer)).status).toBe(404);
  });

  it('asks bots for what somebody has the part of', async () => {
    const path = `/v1/bots/${mine.namespace}/shop/breaker/reset`;
    const reader = await tokenOf(mine, 'reader', ['get', 'list']);
    expect((await send('POST', path, reader)).status).toBe(403);
    const keeper = await tokenOf(mine, 'keeper', ['get'], { parts: ['breaker'] });
    expect((await send('POST', path, keeper)).status).toBeLessThan(300);
    const bot = await mine.client.get(TENANT_BOTS, { namespace: mine.namespace, name: 'shop' });
    expect(bot.metadata.annotations).toHaveProperty(['tenantbot.dev/reset-breaker']);
  });

  /** Serves it as a replica does; resolves to its address. */
  async function serve(): Promise<string> {
    const { log } = makeLog();
    const namespaces = [mine.namespace, theirs.namespace];
    const common = { clock: systemClock, random: systemRandom, log };
    const caches = new ClusterCaches({
      ...common,
      client: mine.client,
      namespace: mine.namespace,
      botNamespaces: namespaces,
      watchSecrets: false,
      registry: new Registry(),
    });
    const stop = new AbortController();
    const running = caches.start(stop.signal);
    await caches.waitForSync(AbortSignal.timeout(20_000));
    const access = await loadClusterAccess(kubeconfig);
    const userAgent = 'tenantbot-tests';
    const validity = { fromMs: Date.now() - 60_000, toMs: Date.now() + 3_600_000 };
    const authority = await makeAuthority('test', validity);
    const certificate = await issueCertificate(authority, ['127.0.0.1'], validity);
    const server = await serveAdmin(
      {
        port: 0,
        service: 'tenantbot-admin',
        names: [],
        trustedProxies: [],
        limits: new Limits({
          table: DEFAULT_LIMITS,
          counters: memoryCounters(DEFAULT_LIMITS),
          unlimited: [parseNetwork('127.0.0.0/8')],
        }),
        certificate: undefined,
        page: '/nonexistent',
        history: () => undefined,
        audit: undefined,
        clientFor: (token: Secret) =>
          new HttpKubeClient({ ...common, access: asBearer(access, token), userAgent }),
      },
      {
        ...common,
        client: mine.client,
        caches,
        namespace: mine.namespace,
        isLeader: () => false,
        retries: () => undefined,
        askLeader: undefined,
        leaderHost: 'leader',
        ownCertificate: () => certificate,
      },
    );
    onTestFinished(async () => {
      stop.abort();
      await Promise.all([server.close(), running]);
    });
    return `https://127.0.0.1:${server.port}`;
  }

  /** A token of the ServiceAccount, which may do so much to bots of its namespace. */
  async function tokenOf(
    { client, namespace }: typeof mine,
    name: string,
    verbs: readonly string[],
    { audience, parts = [] }: { audience?: string; parts?: readonly string[] } = {},
  ): Promise<string> {
    const metadata = { namespace, name };
    const put = (resource: Resource, object: Manifest) =>
      client.apply(resource, object, { fieldManager: 'test', force: true });
    await put(SERVICE_ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const rules = [
      { apiGroups: ['tenantbot.dev'], resources: ['tenantbots'], verbs },
      {
        apiGroups: ['tenantbot.dev'],
        resources: parts.map((part) => `tenantbots/${part}`),
        verbs: ['update'],
      },
    ].filter(({ resources, verbs }) => resources.length > 0 && verbs.length > 0);
    const apiVersion = `${RBAC}/v1`;
    await put(rbac('Role', 'roles'), { apiVersion, kind: 'Role', metadata, rules });
    await put(rbac('RoleBinding', 'rolebindings'), {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    const requests: Resource<TokenRequest> = {
      group: '',
      version: 'v1',
      kind: 'TokenRequest',
      plural: `serviceaccounts/${name}/token`,
      namespaced: true,
    };
    const { status } = await client.create(requests, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace },
      spec: audience === undefined ? {} : { audiences: [audience] },
    });
    return status.token;
  }
});

function rbac(kind: string, plural: string): Resource {
  return { group: RBAC, version: 'v1', kind, plural, namespaced: true };
}

/** The payload of a token with another account in it. */
function toAnother(payload: string): string {
  const text = Buffer.from(payload, 'base64url').toString();
  return Buffer.from(text.replaceAll(':reader', ':writer')).toString('base64url');
}

async function makeBot({ client, namespace }: ReturnType<typeof apiWorld>, name: string) {
  const spec = {
    tokenSecretRef: { name },
    handlers: [{ command: { name: 'start', reply: { text: 'hello' } } }],
  };
  const metadata = { namespace, name };
  const bot = { apiVersion: 'tenantbot.dev/v1alpha1', kind: 'TenantBot', metadata, spec };
  await client.apply(TENANT_BOTS, bot, { fieldManager: 'test', force: true });
}
