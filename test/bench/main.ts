/**
 * `npm run bench [-- --quick] [-- --only MEASURE]`: what our runtime costs beside others, over TLS.
 * Each client is a process of its own against one server process; clients take turns. Prints
 * figures; judges nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startScript } from '../support/program.ts';
import { BenchServer, type Measure } from './bench.ts';
import { allContestants } from './contestants.ts';
import { admin } from './measures/admin.ts';
import { effect } from './measures/effect.ts';
import { failover } from './measures/failover.ts';
import { historyQueries } from './measures/history-queries.ts';
import { historyWriting } from './measures/history-writing.ts';
import { idle } from './measures/idle.ts';
import { many } from './measures/many.ts';
import { neighbours } from './measures/neighbours.ts';
import { polling } from './measures/polling.ts';
import { tracing } from './measures/tracing.ts';

const MEASURES: Readonly<Record<string, Measure>> = {
  polling,
  tracing,
  idle,
  many,
  neighbours,
  failover,
  effect,
  'history-queries': historyQueries,
  'history-writing': historyWriting,
  admin,
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(MEASURES) },
  },
});
const unknown = flags.only.filter((name) => !Object.hasOwn(MEASURES, name));
if (unknown.length > 0) {
  console.error(`no measure ${unknown.join(', ')}: there are ${Object.keys(MEASURES).join(', ')}`);
  process.exit(2);
}

const say = (words: string): void => console.error(words);
const folder = mkdtempSync(join(tmpdir(), 'tenantbot-bench-'));
try {
  await using program = await startScript(join(import.meta.dirname, 'server.ts'), {
    args: [folder],
  });
  const bench = {
    server: new BenchServer(program),
    contestants: flags.only.includes('polling') ? await allContestants(folder, say) : [],
    folder,
    quick: flags.quick,
    say,
  };
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`${availableParallelism()} cores, ${gibibytes} GiB, Node ${process.version}.`);
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (flags.only.includes(name)) console.log(`\n## ${name}\n${await measure(bench)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
