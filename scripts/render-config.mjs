/**
 * Writes config/default/operator.yaml: what the chart renders with its default values, but for the
 * CRDs and for what only Helm reads. Needs `helm` in the PATH; run it when the chart has changed.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const chart = `${root}charts/tenantbot-operator`;
const options = ['-n', 'tenantbot-system', '--set', 'crds.install=false'];
const rendered = execFileSync('helm', ['template', 'tenantbot', chart, ...options], {
  encoding: 'utf8',
});
const text = rendered
  .split('\n')
  .filter((line) => !/^# Source: |^ *helm\.sh\/chart: /.test(line))
  .join('\n');
const header = '# Generated from the chart by scripts/render-config.mjs; do not edit.\n';
writeFileSync(`${root}config/default/operator.yaml`, header + text);
