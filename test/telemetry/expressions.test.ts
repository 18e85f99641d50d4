import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { servedMetrics } from '../../src/cli/metrics/served.ts';
import { RULES } from './alerts/promtool.ts';

const DASHBOARDS = join(RULES, '../dashboards');

/** What Prometheus adds by itself. */
const TARGET_LABELS = ['namespace', 'pod', 'job', 'instance', 'le'];
const FUNCTIONS = new Set(['histogram_quantile', 'label_values', 'vector']);

const metrics = new Map((await servedMetrics()).map((metric) => [metric.name, metric]));

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

const dashboards = globSync('*.json', { cwd: DASHBOARDS }).map((file) => ({
  file,
  dashboard: JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as Dashboard,
}));

/** Each metric of an expression, with the labels that it is asked for. */
function named(expression: string): { name: string; labels: readonly string[] }[] {
  const bare = expression.replaceAll(/\b(by|on|without) \([^)]*\)/g, ' ');
  return [...bare.matchAll(/(?<![$"\w])([a-z]\w*_\w+)(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !FUNCTIONS.has(name))
    .map(([, name = '', matchers = '']) => ({
      name,
      labels: [...matchers.matchAll(/(\w+) *(?:=~|!~|!=|=) *"/g)].map(([, label = '']) => label),
    }));
}

/** What is asked for in vain. */
function unknown(expression: string): readonly string[] {
  return named(expression).flatMap(({ name, labels }) => {
    const histogram = metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
    const metric = metrics.get(name) ?? (histogram?.type === 'histogram' ? histogram : undefined);
    if (!metric) return [name];
    const known = new Set([...metric.labels, ...TARGET_LABELS]);
    return labels.filter((label) => !known.has(label)).map((label) => `${name}{${label}}`);
  });
}

describe('what expressions ask for', () => {
  it('is found, whether it is there or not', () => {
    expect(named('sum by (a_b) (rate(c_d_bucket{e="f",g=~"$h"}[5m])) > i_j')).toEqual([
      { name: 'c_d_bucket', labels: ['e', 'g'] },
      { name: 'i_j', labels: [] },
    ]);
    expect(unknown('tenantbot_bots{colour="red"} + tenantbot_cats')).toEqual([
      'tenantbot_bots{colour}',
      'tenantbot_cats',
    ]);
  });

  it('is there, for every alert', () => {
    const { groups } = parse(readFileSync(RULES, 'utf8')) as {
      groups: readonly { rules: readonly { expr: string }[] }[];
    };
    const expressions = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(10);
    expect(expressions.flatMap(unknown)).toEqual([]);
  });

  it.each(dashboards)('is there, for every panel of $file', ({ dashboard }) => {
    const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const variables = dashboard.templating.list.flatMap(({ definition = [] }) => definition);
    expect(asked.length).toBeGreaterThan(5);
    expect([...asked, ...variables].flatMap(unknown)).toEqual([]);
  });
});

describe.each(dashboards)('the dashboard $file', ({ dashboard }) => {
  it('has panels that Grafana can tell apart, and that fit the page', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});

it('there is a dashboard of the fleet, of a bot and of the operator', () => {
  expect(new Set(dashboards.map(({ dashboard }) => dashboard.uid))).toEqual(
    new Set(['tenantbot-fleet', 'tenantbot-bot', 'tenantbot-operator']),
  );
});
