import { Client } from 'pg';
import type { SnapshotRecord } from '../../../src/api/history-records.ts';
import type { DatabaseAddress } from '../../../src/history/database-address.ts';
import { HistoryWriter } from '../../../src/history/writer/history-writer.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { copyIn } from './copy.ts';

/** How many rows are one transaction, or one statement. */
const COPY_ROWS = 10_000;
const VALUES_ROWS = 1_000;
const BATCH_ROWS = 1_000;
const SHARDS = 10;
const COLUMNS =
  'bot, at, session, seq, health, breaker, error_percent, avg_response_ms, consecutive_failures, rate_limited, updates, handled, replies, errors, restarts';

/** A way to write snapshots into the same table. */
export interface WritingContestant {
  readonly name: string;
  /** Of how many rows it writes one, so that all take about as long. */
  readonly share: number;
  /** Resolves when all are committed. Bots have the keys that their uids end with. */
  readonly write: (rows: readonly SnapshotRecord[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens each on a connection of its own. Bots `uid-1` to `uid-<bots>` are there, in this order. */
export async function openContestants(
  address: DatabaseAddress,
): Promise<readonly WritingContestant[]> {
  const client = new Client(address.url.reveal());
  await client.connect();
  await client.query("set tenantbot.namespaces = '*'; set search_path = tenantbot");
  const close = (): Promise<void> => Promise.resolve();
  return [
    openWriter(address),
    { name: 'COPY', share: 1, write: (rows) => copy(client, rows), close },
    { name: `VALUES, ${VALUES_ROWS} rows`, share: 4, write: (rows) => values(client, rows), close },
    {
      name: 'a row a statement',
      share: 40,
      write: (rows) => single(client, rows),
      close: () => client.end(),
    },
  ];
}

function openWriter(address: DatabaseAddress): WritingContestant {
  const writer = new HistoryWriter({
    address: async () => address,
    clock: systemClock,
    directory: { find: (uid) => ({ namespace: 'bench', name: uid, botId: Number(uid.slice(4)) }) },
    log: createLog({ level: 'warn', format: 'json', destination: process.stderr }),
  });
  return {
    name: 'the writer',
    share: 1,
    async write(rows) {
      const shards = chunks(rows, Math.ceil(rows.length / SHARDS));
      await Promise.all(shards.map((records, shard) => send(writer, shard, records)));
    },
    close: () => writer.close(),
  };
}

/** As a shard does: one batch is on its way at a time. */
async function send(
  writer: HistoryWriter,
  shard: number,
  rows: readonly SnapshotRecord[],
): Promise<void> {
  for (const records of chunks(rows, BATCH_ROWS)) {
    const at = Math.round(systemClock.wallMs());
    const batch = { session: `session-of-shard-${shard}`, at, dropped: {}, records };
    await writer.write(batch, AbortSignal.timeout(120_000));
  }
}

/** Postgres refuses it where rows are secured, and a repeated row fails it: no way for a writer. */
async function copy(client: Client, rows: readonly SnapshotRecord[]): Promise<void> {
  for (const part of chunks(rows, COPY_ROWS)) {
    const lines = part.map((row) => cells(row).join('\t'));
    await client.query('begin; alter table health_snapshots no force row level security');
    await copyIn(client, `copy health_snapshots (${COLUMNS}) from stdin`, `${lines.join('\n')}\n`);
    await client.query('alter table health_snapshots force row level security; commit');
  }
}

async function values(client: Client, rows: readonly SnapshotRecord[]): Promise<void> {
  for (const part of chunks(rows, VALUES_ROWS)) {
    let place = 0;
    const lists = part.map(
      (row) =>
        `(${cells(row)
          .map(() => `$${++place}`)
          .join()})`,
    );
    await client.query(
      `insert into health_snapshots (${COLUMNS}) values ${lists.join()} on conflict do nothing`,
      part.flatMap(cells),
    );
  }
}

async function single(client: Client, rows: readonly SnapshotRecord[]): Promise<void> {
  const places = COLUMNS.split(',').map((_, index) => `$${index + 1}`);
  const text = `insert into health_snapshots (${COLUMNS}) values (${places.join()}) on conflict do nothing`;
  for (const row of rows) await client.query({ name: 'single', text, values: cells(row) });
}

function cells(row: SnapshotRecord): (string | number)[] {
  return [
    Number(row.uid.slice(4)),
    new Date(row.at).toISOString(),
    'session-of-shard-0',
    row.seq,
    row.health,
    row.breaker,
    row.errorPercent,
    row.avgResponseMs,
    row.consecutiveFailures,
    row.rateLimited,
    row.updates,
    row.handled,
    row.replies,
    row.errors,
    row.restarts,
  ];
}

function chunks<Row>(rows: readonly Row[], size: number): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}
