import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { ensureComponents } from '../../cluster/components.ts';
import { ALERT_CASES, type Series } from './cases.ts';

/** The rules, as Prometheus reads them. */
export const RULES = join(
  import.meta.dirname,
  '../../../charts/tenantbot-operator/files/alerts.yaml',
);

const execute = promisify(execFile);

/** Runs promtool to its end; rejects with what it wrote where it fails. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const log = (line: string): void => console.error(line);
  const { promtool: folder } = await ensureComponents(['promtool'], { log });
  const { stdout, stderr } = await execute(join(folder, 'promtool'), args);
  return stdout + stderr;
}

/** Rejects, with what it finds, unless each case's alert fires when it should and not else. */
export async function testRules(rules = RULES): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'alerts-'));
  const file = join(folder, 'tests.yaml');
  const tests = ALERT_CASES.flatMap(({ alert, minutes, fires, quiet }) => [
    test(alert, { minutes, series: fires, firing: true }),
    test(alert, { minutes, series: quiet, firing: false }),
  ]);
  await writeFile(file, stringify({ rule_files: [rules], evaluation_interval: '1m', tests }));
  try {
    await promtool('test', 'rules', file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Labels and words of an alert are no matter here: whether it fires is. */
function test(
  alert: string,
  { minutes, series, firing }: { minutes: number; series: Series; firing: boolean },
): object {
  return {
    name: `${alert} ${firing ? 'fires' : 'is quiet'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: `${minutes}m`,
        exp_samples: firing ? [{ labels: `{alertname="${alert}"}`, value: 1 }] : [],
      },
    ],
  };
}
