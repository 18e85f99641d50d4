import { join } from 'node:path';
import { expect, it } from 'vitest';
import { API_VERSION } from '../../src/api/group.ts';
import { NODE } from '../cluster/node/layout.ts';
import { itsAnswer } from '../support/conversation.ts';
import { serveIngress } from './support/ingress.ts';
import { Installation, inSystem, OPERATOR_NAMESPACE } from './support/installation.ts';
import { describeOnNode } from './support/with-node.ts';

const EXAMPLE = join(import.meta.dirname, '../../config/webhooks/ingress');
const FLEET = 'hooked';
const FRONT = 'public';
const HOST = `${FRONT}.${OPERATOR_NAMESPACE}.svc`;
const INSIDE = { host: NODE.address, port: 9_480 };

/** A name in the cluster for what listens at {@link INSIDE}, as DNS has one for an Ingress. */
const FRONT_MANIFESTS = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: FRONT, namespace: OPERATOR_NAMESPACE },
    spec: { ports: [{ name: 'http', port: 80, targetPort: INSIDE.port }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: FRONT,
      namespace: OPERATOR_NAMESPACE,
      labels: { 'kubernetes.io/service-name': FRONT },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: INSIDE.port }],
    endpoints: [{ addresses: [INSIDE.host] }],
  },
];

describeOnNode('webhooks in a cluster', ({ attach }) => {
  it('come by the example Ingress, to the shard that has the bot, whichever pod they meet', async () => {
    await using installation = await Installation.open();
    const { kubectl, emulator } = installation;
    await kubectl.run(...inSystem('apply', '--dry-run=server', '-k', EXAMPLE));
    const example = (await kubectl.run('kustomize', EXAMPLE))
      .replaceAll('bots.example.com', HOST)
      .replaceAll('tenantbot-default-webhook', `tenantbot-${FLEET}-webhook`);
    await kubectl.apply([
      {
        apiVersion: API_VERSION,
        kind: 'BotFleet',
        metadata: { name: FLEET, namespace: OPERATOR_NAMESPACE },
        spec: {
          sharding: { minShards: 2, maxShards: 2 },
          telegram: { apiRoot: `http://emulator.${OPERATOR_NAMESPACE}.svc:8081` },
          webhook: { publicUrl: `http://${HOST}/hooks` },
        },
      },
    ]);
    await kubectl.apply(FRONT_MANIFESTS);
    await kubectl.apply(example);
    const wait = ['wait', `botfleet/${FLEET}`, '--for=condition=Ready', '--timeout=120s'];
    await kubectl.run(...inSystem(...wait));

    await using node = await attach();
    const ref = { namespace: OPERATOR_NAMESPACE, name: `tenantbot-${FLEET}-webhook` };
    await using front = await serveIngress(kubectl, node, ref);
    await node.relays.in(INSIDE, { host: '127.0.0.1', port: front.port });

    await using tenant = await installation.tenant();
    const shards = new Set<number>();
    for (const name of ['one', 'two']) {
      const spec = { fleet: FLEET, updates: { mode: 'Webhook' } };
      const { id: bot } = await installation.makeBot(tenant.name, name, spec);
      const registered = [`tenantbot/${name}`, '--for=condition=WebhookReady', '--timeout=120s'];
      await kubectl.run('-n', tenant.name, 'wait', ...registered);
      for (let n = 0; n < 3; n++) {
        const said = { bot, from: `hooked_${n}`, text: '/start', timeoutMs: 60_000 };
        expect(await itsAnswer(emulator, said)).toBe(`I am ${name}`);
      }
      const ways = (await emulator.updates({ bot })).flatMap(({ deliveries }) => deliveries);
      const how = new Set(ways.map(({ via, outcome }) => `${via}: ${outcome}`));
      expect(how).toEqual(new Set(['webhook: 200']));
      const { status } = await installation.bot(tenant.name, name);
      expect(status.updates.webhookUrl).toBe(`http://${HOST}/hooks/${status.placement.shard}/…`);
      shards.add(status.placement.shard);
    }
    expect(shards).toEqual(new Set([0, 1]));
    await kubectl.run(...inSystem('delete', 'botfleet', FLEET, '--wait=false'));
    await kubectl.run(...inSystem('delete', 'ingress', ref.name));
    await kubectl.run(...inSystem('delete', 'service,endpointslice', FRONT));
  });
});
