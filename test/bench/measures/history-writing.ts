import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startScript } from '../../support/program.ts';
import type { Measure } from '../bench.ts';
import { median, table } from '../figures.ts';
import type { Rate, WritingRequest } from '../history/writing.ts';

const SCRIPT = join(import.meta.dirname, '../history/writing.ts');
const CONTESTANTS = 4;
const REPORTS = 10_000;

/**
 * How many snapshots a second go into an embedded Postgres, with all its constraints: through the
 * writer, and in other ways, by turns; and what the process weighs that writes those of 10,000 bots.
 */
export const historyWriting: Measure = async ({ folder, quick, say }) => {
  const data = join(folder, 'history');
  mkdirSync(data);
  // Where this runs as root, Postgres does not.
  chmodSync(folder, 0o711);
  await using program = await startScript(SCRIPT, { args: [data], nodeFlags: ['--expose-gc'] });
  const ask = <Answer>(request: WritingRequest) => program.ask<Answer>(request);
  const before = await ask<NodeJS.MemoryUsage>({ kind: 'memory' });
  for (let time = 0; time < 5; time++) await ask({ kind: 'write', contestant: 0, rows: REPORTS });
  const after = await ask<NodeJS.MemoryUsage>({ kind: 'memory' });
  const rates = new Map<string, number[]>();
  const rounds = quick ? 3 : 7;
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds} …`);
    for (let contestant = 0; contestant < CONTESTANTS; contestant++) {
      const rows = quick ? 40_000 : 100_000;
      const { name, rowsASecond } = await ask<Rate>({ kind: 'write', contestant, rows });
      rates.set(name, [...(rates.get(name) ?? []), rowsASecond]);
    }
  }
  await ask({ kind: 'stop' });
  const ofCopy = median(rates.get('COPY') ?? []);
  const lines = [...rates].map(([name, all]) => [
    name,
    `${Math.round(median(all))} (${Math.round(Math.min(...all))}–${Math.round(Math.max(...all))})`,
    `×${(median(all) / ofCopy).toFixed(2)}`,
  ]);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    table(['snapshots', 'rows a second', 'of COPY'], lines),
    '',
    `The writer's process with ${REPORTS} bots: ${megabytes(after.heapUsed)} of heap in use, ${megabytes(after.heapUsed - before.heapUsed)} more than before five rounds of reports, ${megabytes(after.rss)} resident (${megabytes(before.rss)} before).`,
  ].join('\n');
};
