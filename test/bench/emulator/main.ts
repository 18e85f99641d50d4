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
/** Calls before the first measured ones: code that is not yet compiled is not what is asked for. */
const WARM_CALLS = 20_000;
const POLLS_TIMEOUT_MS = 60_000;

const METHODS = ['sendMessage', 'getMe'] as const;
type Method = (typeof METHODS)[number];

interface Sample {
  readonly microsACall: number;
  readonly callsASecond: number;
  readonly p99Ms: number;
}

/** One kind of server, with its samples. */
interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly samples: Readonly<Record<Method, Sample[]>>;
  size?: ServerSize;
}

const contestants: readonly Contestant[] = [
  { name: 'emulator', script: 'server-emulator.ts', samples: { sendMessage: [], getMe: [] } },
  { name: 'bare node:http', script: 'server-bare.ts', samples: { sendMessage: [], getMe: [] } },
];

for (let round = 1; round <= rounds; round++) {
  for (const contestant of contestants) {
    console.error(`round ${round} of ${rounds}: ${contestant.name} …`);
    await measure(contestant);
  }
}
print();

async function measure(contestant: Contestant): Promise<void> {
  await using server = await startScript(join(import.meta.dirname, contestant.script), {
    args: [String(BOTS)],
    nodeFlags: ['--expose-gc'],
  });
  await using generator = await startScript(join(import.meta.dirname, 'generator.ts'));
  const askGenerator = <Answer>(request: LoadRequest) => generator.ask<Answer>(request);
  const address = await askServer<Address>(server, { kind: 'address' });
  await askGenerator({ kind: 'poll', address, polls: POLLS });
  let size: ServerSize = { heldPolls: 0, bytes: 0 };
  await waitFor(
    `${POLLS} held polls`,
    async () => {
      size = await askServer<ServerSize>(server, { kind: 'size' });
      return size.heldPolls === POLLS;
    },
    { timeoutMs: POLLS_TIMEOUT_MS },
  );
  contestant.size = size;
  const load = (method: Method, calls: number): Promise<Load> =>
    askGenerator({ kind: 'load', address, method, calls, connections: CONNECTIONS });
  for (const method of METHODS) {
    await load(method, WARM_CALLS);
    const before = await askServer<number>(server, { kind: 'cpu' });
    const { seconds, refused, p99Ms } = await load(method, CALLS);
    const micros = (await askServer<number>(server, { kind: 'cpu' })) - before;
    if (refused > 0) throw new Error(`${contestant.name} refused ${refused} calls of ${method}`);
    contestant.samples[method].push({
      microsACall: micros / CALLS,
      callsASecond: CALLS / seconds,
      p99Ms,
    });
  }
  await askGenerator({ kind: 'end' });
}

function askServer<Answer>(server: Program, request: ServerRequest): Promise<Answer> {
  return server.ask<Answer>(request);
}

function print(): void {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`${availableParallelism()} cores, ${gibibytes} GiB, Node ${process.version};`);
  console.log(`${BOTS} bots, ${POLLS} held polls, ${CONNECTIONS} connections, ${CALLS} calls;`);
  console.log(`median of ${rounds} rounds (lowest–highest).\n`);
  console.log('| HTTP/1.1, plain | CPU a call | calls a second of one core | seen | p99 |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const method of METHODS) {
    for (const { name, samples } of contestants) {
      const own = samples[method];
      const cpu = spread(own.map(({ microsACall }) => microsACall));
      const bare = spread(
        (contestants.at(-1)?.samples[method] ?? []).map(({ microsACall }) => microsACall),
      );
      const seen = spread(own.map(({ callsASecond }) => callsASecond)).middle;
      const p99 = spread(own.map(({ p99Ms }) => p99Ms)).middle;
      console.log(
        `| ${name}, ${method} | ${cpu.text} µs, ×${(cpu.middle / bare.middle).toFixed(2)} | ` +
          `${(1e6 / cpu.middle).toFixed(0)} | ${seen.toFixed(0)}/s | ${p99.toFixed(1)} ms |`,
      );
    }
  }
  for (const { name, size } of contestants) {
    console.log(`\n${name}, memory in use: ${((size?.bytes ?? 0) / 2 ** 20).toFixed(0)} MiB`);
  }
}

function spread(values: readonly number[]): { readonly middle: number; readonly text: string } {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? Number.NaN;
  const range = `${sorted[0]?.toFixed(0)}–${sorted.at(-1)?.toFixed(0)}`;
  return { middle, text: `${middle.toFixed(0)} (${range})` };
}
