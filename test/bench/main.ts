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
import { type Program, startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import type { ClientRequest, Usage } from './measured.ts';
import type { ServerLoad, ServerRequest } from './server.ts';

interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
}

interface Sample {
  readonly microsAnUpdate: number;
  readonly kilobytesABot: number;
}

const OURS = ['HTTP/1.1', 'HTTP/2'].map((protocol) => ({
  name: `tenantbot, ${protocol}`,
  script: 'client-tenantbot.ts',
  args: [protocol],
}));
const BASELINE = { name: 'plain grammY, HTTP/1.1', script: 'client-grammy.ts', args: [] };
const CONTESTANTS: readonly Contestant[] = [...OURS, BASELINE];

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const SIZE = flags.quick
  ? { bots: 300, rounds: 2, updates: 1_500, perSecond: 500 }
  : { bots: 1_000, rounds: 5, updates: 5_000, perSecond: 500 };
/** Bots that run before the first look at the memory: one more bot is asked for, not the first. */
const WARM_BOTS = 20;
/** Bots that start together: a bot that comes to a running fleet does not come with a thousand. */
const BATCH = 20;
/** A start takes more connections than polling does; those beyond this are waited out. */
const SPARE_CONNECTIONS = 10;
const START_TIMEOUT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'tenantbot-bench-'));
try {
  await using server = await startScript(join(import.meta.dirname, 'server.ts'), {
    args: [folder],
  });
  const samples = new Map<Contestant, Sample[]>();
  for (let round = 1; round <= SIZE.rounds; round++) {
    for (const contestant of CONTESTANTS) {
      const sample = await measure(server, contestant);
      samples.set(contestant, [...(samples.get(contestant) ?? []), sample]);
      console.error(
        `round ${round} of ${SIZE.rounds}, ${contestant.name}: ` +
          `${sample.microsAnUpdate.toFixed(0)} µs, ${sample.kilobytesABot.toFixed(1)} KB`,
      );
    }
  }
  report(samples);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(server: Program, contestant: Contestant): Promise<Sample> {
  const askServer = <Answer>(request: ServerRequest) => server.ask<Answer>(request);
  const { apiRoot, certificatePath } = await askServer<{
    apiRoot: string;
    certificatePath: string;
  }>({ kind: 'address' });
  await using client = await startScript(join(import.meta.dirname, contestant.script), {
    args: [apiRoot, ...contestant.args],
    env: { NODE_EXTRA_CA_CERTS: certificatePath },
    nodeFlags: ['--expose-gc'],
  });
  const askClient = <Answer>(request: ClientRequest) => client.ask<Answer>(request);
  let polling = 0;
  const loadIs = (description: string, check: (load: ServerLoad) => boolean) =>
    waitFor(description, async () => check(await askServer<ServerLoad>({ kind: 'load' })), {
      timeoutMs: START_TIMEOUT_MS,
    });
  const addBots = async (count: number): Promise<Usage> => {
    const goal = polling + count;
    while (polling < goal) {
      const tokens = Array.from({ length: BATCH }, () => tokenOf(++polling));
      await askClient({ kind: 'add', tokens });
      await loadIs(`${polling} polling bots`, (load) => load.waitingPolls === polling);
    }
    await askServer({ kind: 'closeIdle' });
    await loadIs('the end of connections beyond those', (load) => {
      return load.connections <= polling + SPARE_CONNECTIONS;
    });
    return askClient<Usage>({ kind: 'measure' });
  };

  const few = await addBots(WARM_BOTS);
  const many = await addBots(SIZE.bots);
  await askServer({ kind: 'traffic', updates: SIZE.bots, perSecond: SIZE.perSecond });
  const warm = await askClient<Usage>({ kind: 'measure' });
  await askServer({ kind: 'traffic', updates: SIZE.updates, perSecond: SIZE.perSecond });
  const busy = await askClient<Usage>({ kind: 'measure' });
  await askServer({ kind: 'reset' });
  return {
    kilobytesABot: (many.residentBytes - few.residentBytes) / SIZE.bots / 1_000,
    microsAnUpdate: (busy.cpuMicros - warm.cpuMicros) / SIZE.updates,
  };
}

/** A token of the right form: the server tells bots apart by the number alone. */
function tokenOf(id: number): string {
  return `${100_000 + id}:${'A'.repeat(35)}`;
}

function report(samples: ReadonlyMap<Contestant, readonly Sample[]>): void {
  console.log(
    `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}; ` +
      `${SIZE.bots} bots over TLS, ${SIZE.rounds} rounds of ${SIZE.updates} updates at ${SIZE.perSecond} a second; ` +
      'median (lowest–highest)\n',
  );
  console.log('| | CPU for one update with one reply | memory of one more idle bot |');
  console.log('| --- | --- | --- |');
  const baseline = samples.get(BASELINE) ?? [];
  for (const [{ name }, own] of samples) {
    const cells = [
      cell(own, baseline, { of: (sample) => sample.microsAnUpdate, unit: 'µs', digits: 0 }),
      cell(own, baseline, { of: (sample) => sample.kilobytesABot, unit: 'KB', digits: 1 }),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

interface Figure {
  readonly of: (sample: Sample) => number;
  readonly unit: string;
  readonly digits: number;
}

function cell(
  own: readonly Sample[],
  baseline: readonly Sample[],
  { of, unit, digits }: Figure,
): string {
  const values = own.map(of).toSorted((a, b) => a - b);
  const [lowest, middle, highest] = [values[0] ?? NaN, median(values), values.at(-1) ?? NaN];
  const range = `${lowest.toFixed(digits)}–${highest.toFixed(digits)}`;
  const ratio =
    own === baseline ? '' : `, ${(middle / median(baseline.map(of))).toFixed(2)} of grammY's`;
  return `${middle.toFixed(digits)} ${unit} (${range})${ratio}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
