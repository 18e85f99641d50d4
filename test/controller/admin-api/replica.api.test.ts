import { Agent, request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { startOperator } from '../../../src/cli/commands/operator.ts';
import { OPERATOR_SETTINGS } from '../../../src/cli/operator-settings.ts';
import { AUTHORITY_SECRET } from '../../../src/controller/rights.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { SECRETS, SERVICE_ACCOUNTS } from '../../../src/kube/well-known.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { apiWorld } from '../../kube/api-world.ts';
import { waitFor } from '../../support/wait.ts';

const TOKENS: Resource<KubeObject & { readonly status: { readonly token: string } }> = {
  group: '',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'serviceaccounts/default/token',
  namespaced: true,
};

describeWithApiServer('a replica of the operator', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  it('serves the admin API under the certificate of its own authority', async () => {
    const { client, namespace } = world;
    const [adminPort, controlPort, healthPort] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
    ]);
    const settings = OPERATOR_SETTINGS.schema.parse({
      kubeconfig,
      namespace,
      adminPort,
      controlPort,
      healthPort,
      podName: 'replica-0',
      image: 'none',
      watchNamespaces: [namespace],
    });
    const lines: string[] = [];
    const stop = new AbortController();
    const surroundings = {
      version: '0',
      logTo: { write: (text: string) => lines.push(text) },
      exit: (): never => {
        throw new Error('the lease was lost');
      },
    };
    const running = startOperator(settings, surroundings, stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await running;
    });
    const token = await waitFor('the ServiceAccount', async () => {
      await client.get(SERVICE_ACCOUNTS, { namespace, name: 'default' });
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
      const metadata = { namespace };
      const made = await client.create(TOKENS, { ...review, metadata, spec: {} });
      return made.status.token;
    });
    const ca = await waitFor('the authority', async () => {
      const secret = await client.get(SECRETS, { namespace, name: AUTHORITY_SECRET });
      return Buffer.from(secret.data?.['ca.crt'] ?? '', 'base64').toString();
    });
    const servername = `tenantbot-admin.${namespace}.svc`;
    const dispatcher = new Agent({ connect: { ca, servername } });
    onTestFinished(() => dispatcher.close());
    const get = async (path: string): Promise<unknown> => {
      const headers = { host: servername, authorization: `Bearer ${token}` };
      const url = `https://127.0.0.1:${adminPort}${path}`;
      const { body } = await request(url, { dispatcher, headers });
      return body.json();
    };
    const me = await waitFor('the admin API', () => get('/v1/me'), {
      timeoutMs: 30_000,
      intervalMs: 500,
    });
    expect(me).toMatchObject({ name: `system:serviceaccount:${namespace}:default` });
    // Slowly: it limits how often one address may ask.
    await waitFor(
      'the lease',
      async () => ((await get('/v1/leader')) as { isThis?: boolean }).isThis,
      { timeoutMs: 30_000, intervalMs: 500 },
    );
    expect(await get('/v1/leader')).toMatchObject({
      holder: expect.stringMatching(/^replica-0_/),
      isThis: true,
    });
    expect(lines.join('')).toContain('counted by each replica alone: there is no database');
  }, 90_000);
});
