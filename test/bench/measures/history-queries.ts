import { join } from 'node:path';
import type { DatabaseAddress } from '../../../src/history/database-address.ts';
import { startEmbedded } from '../../../src/history/embedded/server.ts';
import type { Namespaces } from '../../../src/history/queries/namespaces.ts';
import { HistoryReader } from '../../../src/history/queries/reader.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { migrateDatabase } from '../../history/databases.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';
import { planOf } from '../history/plans.ts';
import { QUESTIONS, type Question } from '../history/questions.ts';
import { type Extent, fill, snapshotsOf } from '../history/rows.ts';

const WARM_UP = 10;
/** 10,022,400 snapshots. */
const MONTH: Extent = { bots: 1_160, days: 30 };
const QUICK: Extent = { bots: 100, days: 4 };

/**
 * How long questions to the history take with ten million snapshots in the embedded server, each
 * for bots in turns, by whoever may see all namespaces and by whoever may see two of twenty. Fails
 * where one goes by another index than it should, or reads a table of history from end to end.
 */
export const historyQueries: Measure = async ({ folder, quick, say }) => {
  const extent = quick ? QUICK : MONTH;
  const rounds = quick ? 20 : 200;
  const signal = new AbortController().signal;
  const server = await startEmbedded(join(folder, 'postgres'), systemClock, signal);
  try {
    await migrateDatabase(server, {}, signal);
    const nowMs = systemClock.wallMs();
    const began = systemClock.monotonicMs();
    await fill(server.address, extent, { nowMs, say });
    const minutes = ((systemClock.monotonicMs() - began) / 60_000).toFixed(1);
    say(`${snapshotsOf(extent)} snapshots are there after ${minutes} min`);
    const clock = new AdjustableClock({ startWallMs: nowMs });
    const log = createLog({ level: 'error', format: 'text', destination: process.stderr });
    const reader = await HistoryReader.open(server.address, { clock, log, timeoutMs: 60_000 });
    const rows: string[][] = [];
    const faults: string[] = [];
    try {
      for (const question of QUESTIONS) {
        const cells = [question.words];
        for (const namespaces of ['*', ['namespace-0', 'namespace-1']] as const) {
          const { address } = server;
          faults.push(
            ...(await faultsOf(question, { address, namespaces, nowMs, bots: extent.bots })),
          );
          const times: number[] = [];
          for (let round = -WARM_UP; round < rounds; round++) {
            const args = question.args(botOf(round + WARM_UP, extent.bots));
            const before = systemClock.monotonicMs();
            await reader.ask(question.query, namespaces, args);
            if (round >= 0) times.push(systemClock.monotonicMs() - before);
          }
          cells.push(`${median(times).toFixed(1)} ms`, `${quantile(times, 0.95).toFixed(1)} ms`);
        }
        say(cells.join(' | '));
        rows.push(cells);
      }
    } finally {
      await reader.close();
    }
    // With few rows reading all of them may well be the best.
    if (faults.length > 0 && !quick) throw new Error(`not by their index:\n${faults.join('\n')}`);
    const head = ['question', 'all namespaces: median', 'p95', 'two of twenty: median', 'p95'];
    return `${snapshotsOf(extent)} snapshots of ${extent.bots} bots.\n\n${table(head, rows)}`;
  } finally {
    await server.stop();
  }
};

/** Bots in turns, of the two namespaces that the second asker may see. */
function botOf(round: number, bots: number): { namespace: string; name: string } {
  const number = 20 * (1 + ((round * 7_919) % (Math.floor(bots / 20) - 1))) + (round % 2);
  return { namespace: `namespace-${round % 2}`, name: `bot-${number}` };
}

/** What is wrong with how Postgres finds the rows. */
async function faultsOf(
  { words, query, args, index }: Question,
  asked: {
    readonly address: DatabaseAddress;
    readonly namespaces: Namespaces;
    readonly nowMs: number;
    readonly bots: number;
  },
): Promise<string[]> {
  const { indexes, wholly } = await planOf(asked.address, query, {
    ...asked,
    args: args(botOf(0, asked.bots)),
  });
  const who = `${words}, by who may see ${JSON.stringify(asked.namespaces)}`;
  const isByIndex = index.some((name) => indexes.includes(name));
  return [
    ...(isByIndex ? [] : [`${who}: by ${indexes.join(', ')}, not by ${index.join(' or ')}`]),
    ...wholly.filter((name) => name !== 'bots').map((name) => `${who}: reads all of ${name}`),
  ];
}
