/**
 * `npm run bench [-- --quick]`: what one update with one reply costs in CPU, and one more idle
 * polling bot in memory, ours against plain grammY, over TLS. Each client is a process of its own
 * against one server process; the clients take turns, so that whatever else the machine does meets
 * all of them. Prints medians with their range and the ratio; judges nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startScript } from '../support/program.ts';
import { type Contestant, type Sample, takeSample } from './sample.ts';

const BASELINE: Contestant = {
  name: 'plain grammY, HTTP/1.1',
  script: 'client-grammy.ts',
  args: [],
};
const CONTESTANTS: readonly Contestant[] = [
  { name: 'tenantbot, HTTP/1.1', script: 'client-tenantbot.ts', args: ['HTTP/1.1'] },
  { name: 'tenantbot, HTTP/2', script: 'client-tenantbot.ts', args: ['HTTP/2'] },
  BASELINE,
];

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = flags.quick ? 2 : 5;
const size = flags.quick
  ? { bots: 300, updates: 1_500, perSecond: 500 }
  : { bots: 1_000, updates: 5_000, perSecond: 500 };

const folder = mkdtempSync(join(tmpdir(), 'tenantbot-bench-'));
try {
  await using server = await startScript(join(import.meta.dirname, 'server.ts'), {
    args: [folder],
  });
  const samples = new Map<Contestant, Sample[]>(CONTESTANTS.map((contestant) => [contestant, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [contestant, taken] of samples) {
      console.error(`round ${round} of ${rounds}: ${contestant.name} …`);
      taken.push(await takeSample(server, contestant, size));
    }
  }
  printTable(samples);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function printTable(samples: ReadonlyMap<Contestant, readonly Sample[]>): void {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`${availableParallelism()} cores, ${gibibytes} GiB, Node ${process.version};`);
  console.log(`${size.bots} bots; ${size.updates} updates at ${size.perSecond} a second;`);
  console.log(`median of ${rounds} rounds (lowest–highest).\n`);
  console.log('| over TLS | CPU for one update with one reply | memory of one more idle bot |');
  console.log('| --- | --- | --- |');
  const baseline = samples.get(BASELINE) ?? [];
  for (const [{ name }, own] of samples) {
    const cpu = cell(own, baseline, (sample) => sample.microsAnUpdate);
    const memory = cell(own, baseline, (sample) => sample.kilobytesABot);
    console.log(`| ${name} | ${cpu('µs')} | ${memory('KB')} |`);
  }
}

function cell(
  own: readonly Sample[],
  baseline: readonly Sample[],
  figure: (sample: Sample) => number,
): (unit: string) => string {
  const values = own.map(figure).toSorted((a, b) => a - b);
  const middle = median(values);
  const range = `${values[0]?.toFixed(0)}–${values.at(-1)?.toFixed(0)}`;
  const ratio = (middle / median(baseline.map(figure))).toFixed(2);
  return (unit) => `${middle.toFixed(0)} ${unit} (${range}), ×${ratio}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
