import { join } from 'node:path';
import { startEmbedded } from '../../../src/history/embedded/server.ts';
import { HistoryReader } from '../../../src/history/queries/reader.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { migrateDatabase } from '../../history/databases.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';
import { planOf } from '../history/plans.ts';
import { QUESTIONS } from '../history/questions.ts';
import { type Extent, fill, snapshotsOf } from '../history/rows.ts';

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
    const wrong: string[] = [];
    try {
      for (const { words, query, args, index } of QUESTIONS) {
        const botOf = (round: number) => {
          // Of the two namespaces that the second may see.
          const number = 20 * Math.floor(((round * 7_919) % extent.bots) / 20) + (round % 2);
          return { namespace: `namespace-${round % 2}`, name: `bot-${number || 20}` };
        };
        const cells: string[] = [words];
        for (const namespaces of ['*', ['namespace-0', 'namespace-1']] as const) {
          const asked = { namespaces, args: args(botOf(0)), nowMs };
          const { indexes, wholly } = await planOf(server.address, query, asked);
          const whose = namespaces === '*' ? 'all' : 'two of twenty';
          if (!indexes.includes(index))
            wrong.push(`${words} (${whose}): not by ${index} but ${indexes.join(', ')}`);
          const read = wholly.filter((name) => name !== 'bots');
          if (read.length > 0) wrong.push(`${words} (${whose}): reads all of ${read.join(', ')}`);
          const times: number[] = [];
          for (let round = -10; round < rounds; round++) {
            const before = systemClock.monotonicMs();
            await reader.ask(query, namespaces, args(botOf(round + 10)));
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
    if (wrong.length > 0 && !quick) throw new Error(`not by their index:\n${wrong.join('\n')}`);
    const head = ['question', 'all namespaces: median', 'p95', 'two of twenty: median', 'p95'];
    return `${snapshotsOf(extent)} snapshots of ${extent.bots} bots.\n\n${table(head, rows)}`;
  } finally {
    await server.stop();
  }
};
