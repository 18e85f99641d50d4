import { randomUUID } from 'node:crypto';
import { HistoryReader } from '../../../src/history/queries/reader.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { createLog, type Log } from '../../../src/telemetry/log.ts';
import { makeDatabase, migrateDatabase, type TestDatabase } from '../databases.ts';

/** Noon of a Saturday. */
export const NOW = Date.parse('2026-01-31T12:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Columns with their values. */
export type Row = Readonly<Record<string, unknown>>;

/** A log that nobody reads. */
export const silent: Log = createLog({
  level: 'fatal',
  format: 'json',
  destination: { write: () => undefined },
});

/** A history of a test's own, at {@link NOW}. */
export class History {
  readonly database: TestDatabase;
  readonly reader: HistoryReader;
  #rows = 0;

  private constructor(database: TestDatabase, reader: HistoryReader) {
    this.database = database;
    this.reader = reader;
  }

  static async make(): Promise<History> {
    const database = await makeDatabase();
    await migrateDatabase(database);
    const clock = new AdjustableClock({ startWallMs: NOW });
    const reader = await HistoryReader.open(database.address, { clock, log: silent });
    const history = new History(database, reader);
    const days = Array.from({ length: 10 }, (_, index) => new Date(NOW - index * DAY));
    await history.run(...days.map((day) => `select ensure_snapshot_day('${day.toISOString()}')`));
    return history;
  }

  /** Runs statements as the owner, who sees all namespaces; resolves to the last one's rows. */
  run(...statements: readonly string[]) {
    const first = ["set tenantbot.namespaces = '*'", 'set search_path = tenantbot'];
    return this.database.rows([...first, ...statements].join(';'));
  }

  /** Makes a bot; resolves to its key. */
  async bot(name: string, namespace = 'a', changes: Row = {}): Promise<number> {
    const row = { uid: randomUUID(), namespace, name };
    const [made] = await this.insert('bots', row, [changes]);
    return Number(made?.['id']);
  }

  /** Inserts rows, which have the same columns, as `byDefault` has them. Times are texts or ms. */
  insert(table: string, byDefault: Row, changes: readonly Row[]) {
    const rows = changes.map((row) => withTimes(Object.assign({}, byDefault, row)));
    const columns = Object.keys(rows[0] ?? {}).join();
    return this.run(
      `insert into ${table} (${columns}) select ${columns}
       from json_populate_recordset(null::${table}, $json$${JSON.stringify(rows)}$json$) returning *`,
    );
  }

  snapshots(bot: number, ...changes: readonly Row[]) {
    return this.insert('health_snapshots', { ...SNAPSHOT, bot }, this.#numbered(changes));
  }

  transitions(bot: number, ...changes: readonly Row[]) {
    const row = { bot, session: 's', kind: 'health', cause: null };
    return this.insert('transitions', row, this.#numbered(changes));
  }

  verifications(bot: number, ...changes: readonly Row[]) {
    return this.insert('verifications', { bot, session: 's' }, this.#numbered(changes));
  }

  /** Rows of `usage_hourly`; what they do not say does not apply. */
  usage(bot: number, ...changes: readonly Row[]) {
    return this.insert('usage_hourly', { ...USAGE, bot }, changes);
  }

  errors(bot: number, ...changes: readonly Row[]) {
    return this.insert('errors_hourly', { bot, sample: '' }, changes);
  }

  #numbered(rows: readonly Row[]): Row[] {
    return rows.map((row) => Object.assign({ seq: this.#rows++ }, row));
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}

const SNAPSHOT = {
  at: NOW,
  session: 's',
  health: 'Healthy',
  breaker: 'Closed',
  error_percent: 0,
  avg_response_ms: 10,
  consecutive_failures: 0,
  rate_limited: 0,
  updates: 0,
  handled: 0,
  replies: 0,
  errors: 0,
  restarts: 0,
};

const USAGE = {
  hour: NOW,
  method: '',
  command: '',
  update_kind: '',
  chat_kind: '',
  outcome: 'ok',
  calls: 1,
  latency_buckets: [] as readonly number[],
};

function withTimes(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => {
    const isTime = typeof value === 'number' && /^(at|hour|.*_at)$/.test(name);
    return [name, isTime ? new Date(value).toISOString() : value];
  });
  return Object.fromEntries(entries) as Row;
}
