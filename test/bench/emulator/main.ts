/**
 * `npm run bench:emulator [-- --quick]`: what one call costs the emulator in CPU, with 10,000 bots
 * and 2,000 of them polling, against a bare `node:http` server that answers the same generator.
 * Server and generator are processes of their own; the servers take turns, so that whatever else
 * the machine does meets both. Prints medians with their range and the ratio; judges nothing.
 */
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Program, startScript } from '../../support/program.ts';
import { waitFor } from '../../support/wait.ts';
import type { Load, LoadRequest } from './generator.ts';
import type { Address, ServerRequest, ServerSize } from './serving.ts';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = flags.quick ? 2 : 5;
const BOTS = 10_000;
const POLLS = 2_000;
const CONNECTIONS = 64;
const CALLS = flags.quick ? 20_000 : 50_000;
/** Calls before the measured ones: code that is not compiled yet is not what is asked for. */
const WARM_CALLS = 20_000;
const UPDATES_A_SECOND = 4_000;
const POLLS_TIMEOUT_MS = 60_000;

/** What is measured: a call by itself, or an update that is fetched with a poll of its own. */
const WORK = ['sendMessage', 'getMe', 'update'] as const;
type Work = (typeof WORK)[number];

const SHOWN = {
  sendMessage: 'sendMessage',
  getMe: 'getMe',
  update: 'update with its poll',
} as const satisfies Record<Work, string>;

interface Sample {
  readonly micros: number;
  readonly seenASecond: number;
  readonly p99Ms: number | undefined;
}

/** One kind of server, with what was seen of it. */
interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly samples: Readonly<Record<Work, Sample[]>>;
  readonly mebibytes: number[];
}

const EMULATOR = contestant('emulator', 'server-emulator.ts');
const BASELINE = contestant('bare node:http', 'server-bare.ts');

for (let round = 1; round <= rounds; round++) {
  for (const each of [EMULATOR, BASELINE]) {
    console.error(`round ${round} of ${rounds}: ${each.name} …`);
    await measure(each);
  }
}
print();

function contestant(name: string, script: string): Contestant {
  return { name, script, samples: { sendMessage: [], getMe: [], update: [] }, mebibytes: [] };
}

async function measure({ name, script, samples, mebibytes }: Contestant): Promise<void> {
  await using server = await startScript(join(import.meta.dirname, script), {
    args: [String(BOTS)],
    nodeFlags: ['--expose-gc'],
  });
  await using generator = await startScript(join(import.meta.dirname, 'generator.ts'));
  const address = await askServer<Address>(server, { kind: 'address' });
  await askGenerator(generator, { kind: 'poll', address, polls: POLLS });
  mebibytes.push((await sizeOncePolled(server)).bytes / 2 ** 20);

  const work = async (kind: Work, count: number): Promise<Pick<Sample, 'p99Ms'>> => {
    if (kind === 'update') {
      const pace = { perSecond: UPDATES_A_SECOND, polls: POLLS };
      await askServer(server, { kind: 'traffic', updates: count, ...pace });
      return { p99Ms: undefined };
    }
    const how = { address, method: kind, calls: count, connections: CONNECTIONS };
    const { refused, p99Ms } = await askGenerator<Load>(generator, { kind: 'load', ...how });
    if (refused > 0) throw new Error(`${name} refused ${refused} calls of ${kind}`);
    return { p99Ms };
  };
  for (const kind of WORK) {
    await work(kind, WARM_CALLS);
    const before = await askServer<number>(server, { kind: 'cpu' });
    const startMs = performance.now();
    const { p99Ms } = await work(kind, CALLS);
    const seconds = (performance.now() - startMs) / 1_000;
    const micros = (await askServer<number>(server, { kind: 'cpu' })) - before;
    samples[kind].push({ micros: micros / CALLS, seenASecond: CALLS / seconds, p99Ms });
  }
}

async function sizeOncePolled(server: Program): Promise<ServerSize> {
  let size: ServerSize = { heldPolls: 0, bytes: 0 };
  const allHeld = async (): Promise<boolean> => {
    size = await askServer<ServerSize>(server, { kind: 'size' });
    return size.heldPolls === POLLS;
  };
  await waitFor(`${POLLS} held polls`, allHeld, { timeoutMs: POLLS_TIMEOUT_MS });
  return size;
}

function askServer<Answer>(server: Program, request: ServerRequest): Promise<Answer> {
  return server.ask<Answer>(request);
}

function askGenerator<Answer>(generator: Program, request: LoadRequest): Promise<Answer> {
  return generator.ask<Answer>(request);
}

function print(): void {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`${availableParallelism()} cores, ${gibibytes} GiB, Node ${process.version};`);
  console.log(`${BOTS} bots, ${POLLS} held polls, ${CALLS} calls on ${CONNECTIONS} connections,`);
  console.log(`${CALLS} updates at ${UPDATES_A_SECOND} a second;`);
  console.log(`median of ${rounds} rounds (lowest–highest).\n`);
  console.log('| plain HTTP/1.1 | CPU | a second of one core | seen | p99 |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const kind of WORK) {
    for (const each of [EMULATOR, BASELINE]) console.log(row(each, kind));
  }
  for (const { name, mebibytes } of [EMULATOR, BASELINE]) {
    console.log(`\nmemory in use, ${name}: ${median(mebibytes).toFixed(0)} MiB`);
  }
}

function row({ name, samples }: Contestant, kind: Work): string {
  const own = samples[kind];
  const micros = own.map((sample) => sample.micros).toSorted((a, b) => a - b);
  const middle = median(micros);
  const ratio = (middle / median(BASELINE.samples[kind].map((sample) => sample.micros))).toFixed(2);
  const range = `${micros[0]?.toFixed(0)}–${micros.at(-1)?.toFixed(0)}`;
  const seen = median(own.map(({ seenASecond }) => seenASecond)).toFixed(0);
  const p99s = own.flatMap(({ p99Ms }) => p99Ms ?? []);
  const p99 = p99s.length === 0 ? '' : `${median(p99s).toFixed(0)} ms`;
  return (
    `| ${name}, ${SHOWN[kind]} | ${middle.toFixed(0)} µs (${range}), ×${ratio} | ` +
    `${(1e6 / middle).toFixed(0)} | ${seen} | ${p99} |`
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
