import { errorMessage } from '../../../src/lib/errors.ts';
import { type BenchServer, type Measure, tokens } from '../bench.ts';
import { type Contestant, OURS } from '../contestants.ts';
import { table } from '../figures.ts';
import type { ClientMemory, ClientRequest } from '../measured.ts';

/**
 * A process of ours that is told of a great many bots at once: how long until the server holds a
 * poll of every one, what the process weighs then, and how long it takes to stop.
 */
export const many: Measure = async ({ server, quick, say }) => {
  const bots = quick ? 1_000 : 10_000;
  const rows: string[][] = [];
  for (const contestant of [OURS.http1, OURS.http2]) {
    say(`${bots} bots: ${contestant.name} …`);
    try {
      rows.push([contestant.name, ...(await runMany(server, contestant, bots))]);
    } catch (error) {
      // A machine may allow fewer open files than this takes.
      say(`without ${contestant.name}: ${errorMessage(error)}`);
    }
  }
  const head = [`${bots} bots, over TLS`, 'told → all poll', 'CPU of that', 'resident', 'stop'];
  return table(head, rows);
};

async function runMany(
  server: BenchServer,
  contestant: Contestant,
  bots: number,
): Promise<string[]> {
  await using client = await server.start(contestant);
  const ask = <Answer>(request: ClientRequest) => client.ask<Answer>(request);
  const before = await ask<number>({ kind: 'cpu' });
  const startSeconds = await secondsOf(async () => {
    await ask({ kind: 'add', tokens: tokens(0, bots) });
    await server.loadIs(`${bots} polling bots`, ({ waitingPolls }) => waitingPolls === bots);
  });
  const cpuSeconds = ((await ask<number>({ kind: 'cpu' })) - before) / 1e6;
  const { resident } = await ask<ClientMemory>({ kind: 'memory' });
  const stopSeconds = await secondsOf(async () => {
    await ask({ kind: 'stop' });
    await server.loadIs('the end of all connections', ({ connections }) => connections === 0);
  });
  return [
    `${startSeconds.toFixed(1)} s`,
    `${cpuSeconds.toFixed(1)} s`,
    `${(resident / 1e6).toFixed(0)} MB`,
    `${stopSeconds.toFixed(1)} s`,
  ];
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1_000;
}
