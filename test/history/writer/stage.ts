import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import type { KnownBot } from '../../../src/api/bot-directory.ts';
import type { HistoryBatch } from '../../../src/api/history-records.ts';
import {
  HistoryWriter,
  type HistoryWriterOptions,
} from '../../../src/history/writer/history-writer.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { makeDatabase, migrateDatabase, type TestDatabase } from '../databases.ts';
import { NOON_MS } from './records.ts';

/** A writer with a database of its own, at noon. */
export interface Stage {
  readonly database: TestDatabase;
  readonly clock: AdjustableClock;
  /** The bots that are there, by uid. At first `uid-1` and `uid-2`. */
  readonly bots: Map<string, KnownBot>;
  readonly writer: HistoryWriter;
  /** Lines that were logged. */
  readonly lines: string[];
  readonly registry: Registry;
  /** One more writer on the same database. */
  readonly another: (options: Partial<HistoryWriterOptions>) => HistoryWriter;
  readonly write: (batch: HistoryBatch, writer?: HistoryWriter) => Promise<void>;
  /** The rows that `query` brings; it sees all namespaces. */
  readonly rows: (query: string) => Promise<readonly Record<string, unknown>[]>;
}

/** Sets one up, on a server of the test's own where there is one; it goes with the test. */
export async function setStage(
  options: Partial<HistoryWriterOptions> = {},
  server?: string,
): Promise<Stage> {
  const database = await makeDatabase(server);
  await migrateDatabase(database);
  const clock = new AdjustableClock({ startWallMs: NOON_MS });
  const bots = new Map<string, KnownBot>([
    ['uid-1', { namespace: 'team-a', name: 'one', botId: 1, username: 'one_bot' }],
    ['uid-2', { namespace: 'team-b', name: 'two', botId: 2, username: 'two_bot' }],
  ]);
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const registry = new Registry();
  const another = (changes: Partial<HistoryWriterOptions>): HistoryWriter => {
    const directory = { find: (uid: string) => bots.get(uid) };
    const byDefault = { address: async () => database.address, directory, clock, log };
    const writer = new HistoryWriter({ ...byDefault, ...options, ...changes });
    onTestFinished(() => writer.close());
    return writer;
  };
  const first = another({ registry });
  return {
    database,
    clock,
    bots,
    lines,
    registry,
    another,
    writer: first,
    write: (batch, writer = first) => writer.write(batch, AbortSignal.timeout(20_000)),
    rows: (query) =>
      database.rows(`set tenantbot.namespaces = '*'; set search_path = tenantbot; ${query}`),
  };
}

/** What a metric of `registry` counts under `labels`. */
export async function metric(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  const isMeant = (of: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(labels).every(([label, value]) => of[label] === value);
  return values.filter((value) => isMeant(value.labels)).reduce((sum, { value }) => sum + value, 0);
}
