import type { GeneratedFile } from '../../api/crd/files.ts';
import { PROGRAMS, type Program, type ServedMetric, servedMetrics } from './served.ts';

const WHERE: Readonly<Record<Program, string>> = {
  operator: 'port 8080 of each replica of the operator; what only a leader knows, at the leader',
  runtime: 'port 8081 of each runtime pod',
  standalone:
    '`--metrics-port`, on 127.0.0.1; what is of a fleet has the label `fleet` as well. With `--shards` above 1 each process serves its own on a port of its own, which its log names',
};

/** The page of all metrics, for people. */
export async function metricsPage(header: string): Promise<GeneratedFile> {
  const metrics = await servedMetrics();
  const own = metrics.filter(({ name }) => !isNodes(name));
  const text = [
    `<!-- ${header} -->`,
    '# Metrics',
    '',
    `There are ${own.length}, and those of Node and its process (\`nodejs_*\`, \`process_*\`), which prom-client names. All are served at \`/metrics\`, as text that Prometheus reads:`,
    '',
    ...PROGRAMS.map((program) => `- **${program}**: ${WHERE[program]}.`),
    '',
    'Names are those of the field where there are some (`workqueue_*`, `controller_runtime_*`, `leader_election_*`, `rest_client_*`, `reflector_*`), else begin with `tenantbot_`. Series whose label is `bot` are of single bots: `--bot-metrics` says of how many at most in each runtime, 0 of none. All others are of bounded number, however many bots there are.',
    '',
    ...table(own),
    '',
  ].join('\n');
  return { path: 'docs/metrics.md', text };
}

function isNodes(name: string): boolean {
  return name.startsWith('nodejs_') || name.startsWith('process_');
}

function table(metrics: readonly ServedMetric[]): readonly string[] {
  return [
    '| name | type | labels | what it tells | served by |',
    '| --- | --- | --- | --- | --- |',
    ...metrics.map(({ name, type, labels, help, servedBy }) =>
      [
        '',
        ` \`${name}\` `,
        ` ${type} `,
        ` ${labels.map((label) => `\`${label}\``).join(', ')} `,
        ` ${help.replaceAll('|', '\\|')} `,
        ` ${servedBy.join(', ')} `,
        '',
      ].join('|'),
    ),
  ];
}
