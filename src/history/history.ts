import type { Registry } from 'prom-client';
import type { BotDirectory } from '../api/bot-directory.ts';
import type { KeptFacts } from '../api/bot-recall.ts';
import type { HistoryAvailability } from '../api/history-availability.ts';
import { type HistoryBatch, type HistorySink, historyAway } from '../api/history-records.ts';
import { equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { type Random, randomToken } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import type { AddressSource } from './address-source.ts';
import type { AuditEntry } from './audit.ts';
import { openDatabase } from './database.ts';
import { inWords } from './database-errors.ts';
import { readLastKnown } from './last-known.ts';
import type { LedgerTables } from './migrations/ledger.ts';
import { MIGRATIONS } from './migrations/list.ts';
import { migrate } from './migrations/migrate.ts';
import { Retention } from './retention/retention.ts';
import { DEFAULT_RETENTION, type RetentionDays } from './retention/retention-days.ts';
import { type ConnectionLimits, HistoryWriter } from './writer/history-writer.ts';

/** The leader sees all namespaces. */
const SETTINGS = { search_path: 'tenantbot, pg_temp', 'tenantbot.namespaces': '*' };
const AGAIN = { initialMs: 500, maxMs: 30_000 };

/** What a {@link History} works with. */
export interface HistoryOptions {
  readonly address: AddressSource;
  /** Of the leader; one more than the highest that has written unless given. */
  readonly term?: number;
  readonly directory: BotDirectory;
  readonly connections?: ConnectionLimits;
  /** What is not said is {@link DEFAULT_RETENTION}. */
  readonly retention?: Partial<RetentionDays>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry?: Registry;
}

/**
 * The history as one leader keeps it: brings the schema up to date, reads how bots did last, writes
 * what is told, and lets go of what is old. Nobody has to wait for it: while the database can't be
 * had, whoever tells something is asked to keep it, and it is tried again.
 */
export class History implements HistorySink {
  readonly #options: HistoryOptions;
  readonly #writer: HistoryWriter;
  readonly #retention: Retention;
  #lastKnown: ReadonlyMap<string, KeptFacts> = new Map();
  /** Why nothing can be written yet; undefined once the schema is there. */
  #notYet: string | undefined = 'the database is not connected to yet';

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#writer = new HistoryWriter(options);
    const days = { ...DEFAULT_RETENTION, ...options.retention };
    this.#retention = new Retention({ ...options, days });
  }

  write(batch: HistoryBatch, signal: AbortSignal): Promise<void> {
    if (this.#notYet !== undefined) return Promise.reject(historyAway(this.#notYet));
    return this.#writer.write(batch, signal);
  }

  /** Resolves when `entry` is in the audit log for good. Rejects as {@link write} does. */
  audit(entry: AuditEntry, signal: AbortSignal): Promise<void> {
    if (this.#notYet !== undefined) return Promise.reject(historyAway(this.#notYet));
    return this.#writer.audit(entry, signal);
  }

  /** How the bot did when that was last kept before this began; undefined where nobody knows. */
  lastKnown(uid: string): KeptFacts | undefined {
    return this.#lastKnown.get(uid);
  }

  /** The TenantBot of that uid was deleted. */
  botGone(uid: string): void {
    this.#writer.botGone(uid);
  }

  /** Whether what is told is kept. */
  availability(): HistoryAvailability {
    if (this.#notYet !== undefined) return { reason: 'Unavailable', message: this.#notYet };
    return this.#writer.available();
  }

  /** Keeps the history until `signal` aborts; resolves when no connection is left. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#setUp(signal);
      await this.#retention.start(signal);
    } finally {
      await this.#writer.close();
    }
  }

  async #setUp(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#begin(signal);
        this.#notYet = undefined;
        return;
      } catch (error) {
        if (signal.aborted) return;
        const why = errorMessage(error);
        if (why !== this.#notYet) log.warn(`no history is kept for now: ${why}`);
        this.#notYet = why;
      }
      await sleep(clock, equalJitterMs(AGAIN, attempt, random), signal).catch(() => undefined);
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { address, clock, log } = this.#options;
    const found = await address();
    const database = await openDatabase<LedgerTables>(found, { max: 1, settings: SETTINGS });
    const onApplied = ({ number, name }: { number: number; name: string }): void => {
      log.info(`history: ran migration ${number} ${name}`);
    };
    try {
      const work = migrate(database, { migrations: MIGRATIONS, clock, onApplied }, signal);
      await inWords(found.place, work);
      this.#lastKnown = await inWords(found.place, readLastKnown(database));
    } finally {
      await database.destroy();
    }
    // Leaders before can write no more from here on, and this one is seen to.
    const at = Math.round(clock.wallMs());
    await this.#writer.write({ session: randomToken(16), at, dropped: {}, records: [] }, signal);
  }
}
