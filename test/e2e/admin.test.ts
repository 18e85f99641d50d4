import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTHORITY_SECRET } from '../../src/controller/rights.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { type Answer, ask } from '../controller/admin-api/ask.ts';
import { waitFor } from '../support/wait.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE, RELEASE } from './support/installation.ts';

const PORT = 8443;
const SOON = { timeoutMs: 90_000, intervalMs: 500 };
const SERVICE = `${RELEASE}-admin.${OPERATOR_NAMESPACE}.svc`;

/** A replica of the operator, by a way of its own. */
interface Replica {
  readonly pod: string;
  readonly url: string;
  close(): Promise<void>;
}

describe('the admin API of a cluster', () => {
  let installation: Installation;
  let shop: TestNamespace;
  let rival: TestNamespace;
  let replicas: readonly Replica[];

  beforeAll(async () => {
    installation = await Installation.open();
    [shop, rival] = await Promise.all([installation.tenant(), installation.tenant()]);
    await Promise.all([
      installation.makeBot(shop.name, 'teller'),
      installation.makeBot(rival.name, 'spy'),
    ]);
    await Promise.all([
      installation.ready(shop.name, 'teller'),
      installation.ready(rival.name, 'spy'),
    ]);
    replicas = await Promise.all((await installation.operatorPods()).map(reach));
    expect(replicas).toHaveLength(2);
  });
  afterAll(async () => {
    const binding = `${shop?.name}-platform`;
    await installation?.kubectl.run('delete', 'clusterrolebinding', binding, '--ignore-not-found');
    await Promise.all((replicas ?? []).map((replica) => replica.close()));
    await Promise.all([shop, rival].map((tenant) => tenant?.[Symbol.asyncDispose]()));
    await installation?.[Symbol.asyncDispose]();
  });

  async function reach(pod: { readonly metadata: { readonly name: string } }): Promise<Replica> {
    const { name } = pod.metadata;
    const way = await installation.kubectl.forward(OPERATOR_NAMESPACE, `pod/${name}`, PORT);
    return { pod: name, url: way.url.replace('http:', 'https:'), close: () => way.close() };
  }

  /** A token of an account of `home` that has `role` there, or everywhere. */
  async function tokenOf(
    name: string,
    { role, home, everywhere = false }: { role: string; home: string; everywhere?: boolean },
  ): Promise<string> {
    const { kubectl } = installation;
    await kubectl.run('-n', home, 'create', 'serviceaccount', name);
    const binding = everywhere
      ? ['create', 'clusterrolebinding', `${home}-${name}`]
      : ['-n', home, 'create', 'rolebinding', name];
    const account = `--serviceaccount=${home}:${name}`;
    await kubectl.run(...binding, `--clusterrole=${role}`, account);
    return (await kubectl.run('-n', home, 'create', 'token', name)).trim();
  }

  /** The same of every replica. */
  function askAll(request: Parameters<typeof ask>[1]): Promise<readonly Answer[]> {
    return Promise.all(replicas.map(({ url }) => ask(url, request)));
  }

  it('is served by every replica, under a certificate of the operator, with its page', async () => {
    const { data } = await installation.kubectl.get(...inSystem('secret', AUTHORITY_SECRET));
    const bundle = Buffer.from(data['ca.crt'], 'base64').toString();
    for (const { url } of replicas) {
      const page = await pageOf(url, bundle);
      expect(page).toMatch(/<script [^>]*src="/);
    }
    expect(await askAll({ path: '/v1/bots' })).toMatchObject([
      { status: 401, body: { code: 'TOKEN_MISSING' } },
      { status: 401, body: { code: 'TOKEN_MISSING' } },
    ]);
  });

  it('shows tenants what is theirs, and lets them do what their role lets them', async () => {
    const viewer = await tokenOf('viewer', { role: 'view', home: shop.name });
    const editor = await tokenOf('editor', { role: 'edit', home: shop.name });
    // Roles are aggregated by a controller.
    await waitFor(
      'its bot',
      async () => (await askAll({ path: '/v1/bots', token: viewer })).every(hasOne),
      SOON,
    );
    for (const { body } of await askAll({ path: '/v1/bots', token: viewer })) {
      expect(body).toMatchObject({ items: [{ namespace: shop.name, name: 'teller' }], total: 1 });
    }
    const hidden = await askAll({ path: `/v1/bots/${rival.name}/spy`, token: editor });
    expect(hidden.map(({ status }) => status)).toEqual([404, 404]);

    const path = `/v1/bots/${shop.name}/teller/restart`;
    const before = (await installation.bot(shop.name, 'teller')).status.startedAt as string;
    expect((await askAll({ method: 'POST', path, token: viewer })).map(statusOf)).toEqual([
      403, 403,
    ]);
    const [replica] = replicas;
    expect(await ask(replica?.url ?? '', { method: 'POST', path, token: editor })).toMatchObject({
      status: 202,
    });
    await waitFor(
      'its next start',
      async () => {
        const { startedAt, phase } = (await installation.bot(shop.name, 'teller')).status;
        return startedAt !== before && phase === 'Running';
      },
      SOON,
    );
  });

  it('writes with the rights of whoever asks', async () => {
    const owner = await tokenOf('owner', { role: 'edit', home: rival.name });
    const path = `/v1/bots/${rival.name}/spy`;
    await waitFor(
      'its rights',
      async () => (await askAll({ path, token: owner })).every(({ status }) => status === 200),
      SOON,
    );
    const [first, second] = replicas;
    const suspended = await ask(first?.url ?? '', {
      method: 'POST',
      path: `${path}/suspend`,
      token: owner,
    });
    expect(suspended).toMatchObject({ status: 200 });
    await waitFor(
      'the other replica to know',
      async () => {
        const { body } = await ask(second?.url ?? '', { path, token: owner });
        return (body as { phase?: string }).phase === 'Suspended';
      },
      SOON,
    );
    const { metadata } = await installation.kubectl.get(
      '-n',
      rival.name,
      'tenantbot',
      'spy',
      '--show-managed-fields',
    );
    const managers = metadata.managedFields.map(({ manager }: { manager: string }) => manager);
    expect(managers.join()).toContain('tenantbot');
  });

  it('answers what only the leader knows at every replica', async () => {
    const admin = await tokenOf('platform', {
      role: 'cluster-admin',
      home: shop.name,
      everywhere: true,
    });
    const told = await askAll({ path: '/v1/retries', token: admin });
    expect(told.map(statusOf)).toEqual([200, 200]);
    expect(told[0]?.body).toEqual(told[1]?.body);
    const leaders = await askAll({ path: '/v1/leader', token: admin });
    const bodies = leaders.map(({ body }) => body as { holder: string; isThis: boolean });
    expect(bodies.map(({ isThis }) => isThis).filter(Boolean)).toHaveLength(1);
    expect(bodies[0]?.holder).toBe(bodies[1]?.holder);
    const { body } = (await askAll({ path: '/v1/health/summary', token: admin }))[1] ?? {};
    expect(body).toMatchObject({ bots: expect.any(Number) });
  });
});

function hasOne({ status, body }: Answer): boolean {
  return status === 200 && (body as { total: number }).total === 1;
}

function statusOf({ status }: Answer): number {
  return status;
}

/** The page, from whoever can prove to be the Service. */
async function pageOf(url: string, ca: string): Promise<string> {
  const dispatcher = new Agent({ connect: { ca, servername: SERVICE } });
  try {
    const { body } = await request(url, { dispatcher });
    return await body.text();
  } finally {
    await dispatcher.close();
  }
}
