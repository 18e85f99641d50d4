import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { headlessService } from '../../src/controller/fleet/objects/headless-service.ts';
import { CHART, type Rendered, render } from './helm.ts';

const KINDS = new Set(['PrometheusRule', 'ServiceMonitor', 'PodMonitor']);
const isDashboard = ({ metadata }: Rendered) =>
  metadata.labels?.['grafana_dashboard'] !== undefined;

/** What a monitor looks for. */
interface Selecting {
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
}

function find(rendered: readonly Rendered[], kind: string): Rendered | undefined {
  return rendered.find((object) => object.kind === kind);
}

describe('the monitoring of the chart', () => {
  it('is off unless it is asked for: its kinds may not be there', async () => {
    const rendered = await render();
    expect(rendered.filter(({ kind }) => KINDS.has(kind))).toEqual([]);
    expect(rendered.filter(isDashboard)).toEqual([]);
  });

  it('holds the very rules that are tested, with links to where the pages are', async () => {
    const set = 'prometheusRule.enabled=true,prometheusRule.labels.release=prometheus';
    const pages = 'prometheusRule.runbooks=https://example.com/runbooks/';
    const rule = find(await render('--set', `${set},${pages}`), 'PrometheusRule');
    expect(rule?.metadata.labels).toMatchObject({ release: 'prometheus' });
    const rules = await readFile(join(CHART, 'files/alerts.yaml'), 'utf8');
    expect(rule?.['spec']).toEqual(
      parse(rules.replaceAll('docs/runbooks/', 'https://example.com/runbooks/')),
    );
  });

  it('finds the replicas of the operator, and the pods of fleets', async () => {
    const rendered = await render('--set', 'monitors.enabled=true');
    const service = rendered.find(({ metadata }) => metadata.name === 'tenantbot-metrics');
    const replicas = find(rendered, 'ServiceMonitor')?.['spec'] as Selecting;
    expect(service?.metadata.labels).toMatchObject(replicas.selector.matchLabels);
    const others = rendered.filter((object) => object.kind === 'Service' && object !== service);
    for (const { metadata } of others) {
      expect(metadata.labels).not.toMatchObject(replicas.selector.matchLabels);
    }
    const fleet = headlessService({ name: 'default', namespace: 'tenantbot-system', uid: 'u' });
    const { selector } = fleet['spec'] as { selector: object };
    const pods = find(rendered, 'PodMonitor')?.['spec'] as Selecting;
    expect(selector).toMatchObject(pods.selector.matchLabels);
  });

  it('has each dashboard in a ConfigMap that a sidecar finds', async () => {
    const maps = (await render('--set', 'dashboards.enabled=true')).filter(isDashboard);
    expect(maps).toHaveLength(3);
    for (const map of maps) {
      for (const [file, text] of Object.entries(map['data'] as Record<string, string>)) {
        const path = join(CHART, 'files/dashboards', file);
        expect(JSON.parse(text)).toEqual(JSON.parse(await readFile(path, 'utf8')));
      }
    }
  });

  it('tells the operator where traces go, where they are wanted', async () => {
    const operator = (rendered: readonly Rendered[]) =>
      JSON.stringify(find(rendered, 'Deployment'));
    expect(operator(await render())).not.toContain('otlp');
    const set = 'tracing.endpoint=http://collector:4318,tracing.ratio=0.5';
    const args = operator(await render('--set', set));
    expect(args).toContain('--otlp-endpoint=http://collector:4318');
    expect(args).toContain('--trace-ratio=0.5');
  });

  it('tells the operator of how many bots to show series', async () => {
    const args = (rendered: readonly Rendered[]) => JSON.stringify(find(rendered, 'Deployment'));
    expect(args(await render('--set', 'metrics.bots=7'))).toContain('--bot-metrics=7');
  });
});
