import type { Registry } from 'prom-client';
import type { BotDirectory } from '../../api/bot-directory.ts';
import type { HistoryAvailability } from '../../api/history-availability.ts';
import { type HistoryBatch, type HistorySink, historyAway } from '../../api/history-records.ts';
import { abortable } from '../../lib/abortable.ts';
import type { Clock } from '../../lib/clock.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressSource } from '../address-source.ts';
import { type AuditEntry, insertAudit } from '../audit.ts';
import { isDataError, sqlState } from '../database-errors.ts';
import { LazyDatabase } from '../lazy-database.ts';
import { admit, type OnDrop } from './admission.ts';
import { Availability } from './availability.ts';
import { SenderDrops } from './drops.ts';
import { GroupCommit } from './group-commit.ts';
import { holdTerm } from './leader-term.ts';
import { type Change, RecordTables, type Written } from './record-tables.ts';
import type { Row } from './row.ts';
import { writeWithoutPoison } from './without-poison.ts';
import { type WriterMetrics, writerMetrics } from './writer-metrics.ts';

/** Ten full batches. */
const ROWS_A_TRANSACTION = 10_000;
/** Some 30 MB. Runtimes keep what is more. */
const ROWS_WAITING = 100_000;
const LOCK_WITHIN_MS = 5_000;
/** Halving finds one row of ten thousand with 28. */
const POISON_ATTEMPTS = 400;

/** What a writer may take of the database. */
export interface ConnectionLimits {
  /** Connections; two at least. */
  readonly max: number;
  /** How long a statement may take. */
  readonly statementMs: number;
}

const DEFAULT_LIMITS: ConnectionLimits = { max: 2, statementMs: 10_000 };

/** What a {@link HistoryWriter} works with. */
export interface HistoryWriterOptions {
  readonly address: AddressSource;
  readonly connections?: ConnectionLimits;
  /**
   * Grows from leader to leader: writing with it ends the writing of those before. Unless given it
   * is one more than the highest that has written, taken with the first transaction.
   */
  readonly term?: number;
  readonly directory: BotDirectory;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry?: Registry;
}

/**
 * Writes the history: the leader's part of it. What it has answered for is committed; what it
 * refuses may be told again any number of times, and is there once. Only the one with the highest
 * term writes.
 */
export class HistoryWriter implements HistorySink {
  readonly #options: HistoryWriterOptions;
  readonly #database: LazyDatabase;
  readonly #tables: RecordTables;
  readonly #group: GroupCommit<readonly Row[]>;
  readonly #metrics: WriterMetrics | undefined;
  readonly #availability: Availability;
  readonly #senderDrops: SenderDrops;
  readonly #gone = new Set<string>();
  #term: number | undefined;

  constructor(options: HistoryWriterOptions) {
    this.#options = options;
    this.#term = options.term;
    this.#tables = new RecordTables(options.directory);
    this.#availability = new Availability(options.clock);
    this.#senderDrops = new SenderDrops(this.#onDrop);
    const { max, statementMs } = options.connections ?? DEFAULT_LIMITS;
    this.#database = new LazyDatabase(options.address, {
      max,
      answerWithinMs: 2 * statementMs,
      settings: {
        search_path: 'tenantbot, pg_temp',
        'tenantbot.namespaces': '*',
        statement_timeout: String(statementMs),
        lock_timeout: String(LOCK_WITHIN_MS),
      },
    });
    this.#group = new GroupCommit<readonly Row[]>({
      commit: (batches) => this.#commit(batches.flat()),
      sizeOf: (rows) => rows.length,
      maxGroup: ROWS_A_TRANSACTION,
      maxWaiting: ROWS_WAITING,
    });
    this.#metrics =
      options.registry && writerMetrics(options.registry, () => this.#group.waitingSize);
  }

  /**
   * Resolves when `batch` is committed; records of it that can't be written are counted, and don't
   * hold up the others. Rejects with HISTORY_AWAY where the database does not take it now, or where
   * a later leader writes. A batch without records only sees to that this one may write.
   */
  async write(batch: HistoryBatch, signal: AbortSignal): Promise<void> {
    const rows = admit(batch, this.#options.clock.wallMs(), this.#onDrop);
    try {
      await abortable(this.#group.add(rows), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      throw historyAway(errorMessage(error), error);
    }
    this.#senderDrops.count(batch);
    this.#metrics?.batches.inc();
  }

  /** Resolves when `entry` is committed. Rejects with HISTORY_AWAY as {@link write} does. */
  async audit(entry: AuditEntry, signal: AbortSignal): Promise<void> {
    try {
      await abortable(this.#audit(entry), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      throw historyAway(errorMessage(error), error);
    }
  }

  /** The TenantBot of that uid was deleted: its history goes after a while. */
  botGone(uid: string): void {
    this.#gone.add(uid);
    // Where that fails it goes with the next one; it has told why.
    void this.#group.add([]).catch(() => undefined);
  }

  available(): HistoryAvailability {
    return this.#availability.now();
  }

  /** Resolves when what was told is written or refused, and no connection is left. */
  async close(): Promise<void> {
    await this.#group.idle();
    await this.#database.close();
  }

  async #audit(entry: AuditEntry): Promise<void> {
    // Two transactions at once would take two terms.
    if (this.#term === undefined) await this.#group.add([]);
    await this.#database.transaction(async (step) => {
      await holdTerm(step, this.#term);
      await insertAudit(step, entry);
    });
  }

  readonly #onDrop: OnDrop = (kind, reason, count = 1) => {
    // What is told of a bot that was just deleted is nothing to miss.
    if (reason !== 'unknown_bot') this.#availability.dropped();
    this.#metrics?.dropped.inc({ kind, reason }, count);
  };

  async #commit(rows: readonly Row[]): Promise<void> {
    const gone = [...this.#gone];
    try {
      await this.#transaction({ rows, gone }).catch((error: unknown) => {
        if (!isDataError(error)) throw error;
        // Some bot or day may only have been taken away by hand, or by retention.
        this.#tables.forget();
        return this.#writeSound({ rows, gone });
      });
      for (const uid of gone) this.#gone.delete(uid);
      this.#availability.written();
    } catch (error) {
      // Nobody knows how far it came, nor what happens until next time.
      this.#tables.forget();
      const code = errorCode(error) ?? 'UNKNOWN';
      this.#metrics?.failures.inc({ reason: code });
      this.#availability.failed(errorMessage(error));
      throw error;
    }
  }

  #writeSound({ rows, gone }: Change): Promise<void> {
    return writeWithoutPoison(rows, {
      write: (part) => this.#transaction({ rows: part, gone }),
      isPoison: isDataError,
      onPoison: (part, error) => {
        for (const { record } of part) this.#onDrop(record.kind, 'refused');
        // The server's words may hold what the row says.
        const kinds = new Set(part.map(({ record }) => record.kind));
        this.#options.log.warn(
          { sqlState: sqlState(error), kinds: [...kinds], records: part.length },
          'the database refuses records for what they say; they are dropped',
        );
      },
      maxAttempts: POISON_ATTEMPTS,
    });
  }

  async #transaction(change: Change): Promise<void> {
    const { clock } = this.#options;
    const begunMs = clock.monotonicMs();
    await this.#database.use((database) => this.#tables.prepare(database, change));
    const [term, written] = await this.#database.transaction(
      async (step) =>
        [await holdTerm(step, this.#term), await this.#tables.write(step, change)] as const,
    );
    this.#term = term;
    this.#tables.committed(written);
    this.#metrics?.commitSeconds.observe((clock.monotonicMs() - begunMs) / 1_000);
    this.#tell(written);
  }

  #tell({ bots, strangers, counts }: Written): void {
    for (const [table, count] of Object.entries(counts)) this.#metrics?.rows.inc({ table }, count);
    for (const { record } of strangers) this.#onDrop(record.kind, 'unknown_bot');
    for (const { known, isShared } of bots.changed.values()) {
      if (!known || !isShared) continue;
      this.#options.log.warn(
        { bot: `${known.namespace}/${known.name}`, botId: known.botId },
        'another TenantBot is this very bot at Telegram; the history of this one has no bot id. Delete one of them, or give it another token',
      );
    }
  }
}
