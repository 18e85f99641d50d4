import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { CHART, helm, kubectl, objects, type Rendered, render } from './helm.ts';

const CONFIG = join(import.meta.dirname, '../../config');

/** Without what only Helm writes, and sorted. */
function plain(rendered: readonly Rendered[]): Rendered[] {
  return rendered
    .map(({ ...object }) => {
      const text = JSON.stringify(object, (key, value: unknown) =>
        key === 'helm.sh/chart' ? undefined : value,
      );
      return JSON.parse(text) as Rendered;
    })
    .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

/** What the operator's pods are made of. */
function deployed(rendered: readonly Rendered[]): unknown {
  const deployment = rendered.find(({ kind }) => kind === 'Deployment');
  return (deployment?.['spec'] as { template?: { spec?: unknown } } | undefined)?.template?.spec;
}

function idOf({ kind, metadata }: Rendered): string {
  return `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
}

describeWithApiServer('the chart', () => {
  it('passes lint', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('0 chart(s) failed');
  });

  it('refuses a misspelt or wrong value by name', async () => {
    await expect(render('--set', 'replcas=3')).rejects.toThrow('replcas');
    await expect(render('--set', 'replicas=none')).rejects.toThrow('replicas');
  });

  it('documents every value, and the schema knows each', async () => {
    const values = await readFile(join(CHART, 'values.yaml'), 'utf8');
    const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as {
      properties: Record<string, object>;
    };
    for (const name of Object.keys(schema.properties)) {
      if (name !== 'global') expect(values).toMatch(new RegExp(`^${name}:`, 'm'));
    }
  });

  it('keeps the CRDs when it goes, and leaves them out on demand', async () => {
    const crds = (rendered: readonly Rendered[]) =>
      rendered.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const kept = crds(await render());
    expect(kept).toHaveLength(2);
    for (const { metadata } of kept) {
      expect(metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
    }
    expect(crds(await render('--set', 'crds.keep=false'))[0]?.metadata.annotations).toBeUndefined();
    expect(crds(await render('--set', 'crds.install=false'))).toEqual([]);
  });

  it('puts the default fleet where the operator reads it', async () => {
    const rendered = await render('--set', 'defaultFleet.spec.sharding.botsPerShard=50');
    const map = rendered.find(({ metadata }) => metadata.name === 'tenantbot-fleets');
    const data = map?.['data'] as Record<string, string> | undefined;
    expect(objects(data?.['fleets.yaml'] ?? '')).toMatchObject([
      { kind: 'BotFleet', metadata: { name: 'default' }, spec: { sharding: { botsPerShard: 50 } } },
    ]);
  });

  it('gives the operator a database by the name of its Secret, and none unless named', async () => {
    expect(JSON.stringify(deployed(await render()))).not.toContain('database');
    const set = [
      'databaseUrlSecretRef.name=history',
      'retentionDays.usage=90',
      'retentionDays.audit=730',
    ];
    const rendered = await render(...set.flatMap((value) => ['--set', `history.${value}`]));
    expect(deployed(rendered)).toMatchObject({
      containers: [
        {
          args: expect.arrayContaining([
            '--database-url-file=/etc/tenantbot/database/url',
            '--retention=audit=730,usage=90',
          ]),
          volumeMounts: expect.arrayContaining([
            { name: 'database', mountPath: '/etc/tenantbot/database', readOnly: true },
          ]),
        },
      ],
      volumes: expect.arrayContaining([
        {
          name: 'database',
          secret: {
            secretName: 'history',
            // A Secret that is not there must not keep the operator from starting.
            optional: true,
            items: [{ key: 'url', path: 'url' }],
          },
        },
      ]),
    });
  });

  it('brings a database where CloudNativePG is there, which only the operator may reach', async () => {
    const create = ['--set', 'history.cloudnativepg.create=true'];
    await expect(render(...create)).rejects.toThrow('needs CloudNativePG in the cluster');
    const rendered = await render(...create, '--api-versions', 'postgresql.cnpg.io/v1');
    const named = (kind: string) =>
      rendered.find((one) => one.kind === kind && one.metadata.name === 'tenantbot-history');
    expect(named('Cluster')).toMatchObject({ apiVersion: 'postgresql.cnpg.io/v1' });
    expect(named('NetworkPolicy')).toMatchObject({
      spec: {
        podSelector: { matchLabels: { 'cnpg.io/cluster': 'tenantbot-history' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              {
                podSelector: {
                  matchLabels: {
                    'app.kubernetes.io/name': 'tenantbot',
                    'app.kubernetes.io/component': 'operator',
                  },
                },
              },
            ],
            ports: [{ port: 5432 }],
          },
          {
            from: [
              { podSelector: { matchLabels: { 'cnpg.io/cluster': 'tenantbot-history' } } },
              {
                podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cloudnative-pg' } },
              },
            ],
          },
        ],
      },
    });
    const files = [
      { name: 'database', secret: { secretName: 'tenantbot-history-app' } },
      { name: 'database-ca', secret: { secretName: 'tenantbot-history-ca' } },
    ];
    expect(deployed(rendered)).toMatchObject({
      volumes: [{ name: 'fleets' }, ...files],
      containers: [
        {
          args: expect.arrayContaining([
            '--database-url-file=/etc/tenantbot/database/uri',
            '--database-ca=/etc/tenantbot/database-ca/ca.crt',
          ]),
        },
      ],
    });
  });
});

describeWithApiServer('config/default', () => {
  it('holds the same objects as the chart, and their namespace', async () => {
    const kustomized = objects(await kubectl('kustomize', join(CONFIG, 'default')));
    const fromChart = await render('--set', 'crds.keep=false');
    const namespace = kustomized.filter(({ kind }) => kind === 'Namespace');
    expect(namespace).toHaveLength(1);
    expect(plain(kustomized.filter(({ kind }) => kind !== 'Namespace'))).toEqual(plain(fromChart));
  });
});
