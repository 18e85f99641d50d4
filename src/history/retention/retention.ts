import { type Kysely, sql } from 'kysely';
import type { BotDirectory } from '../../api/bot-directory.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressSource } from '../address-source.ts';
import { sqlState } from '../database-errors.ts';
import { LazyDatabase } from '../lazy-database.ts';
import { markMissing, purgeBots } from './deleted-bots.ts';
import { deleteOldRows } from './old-rows.ts';
import { dropOldParts, type Partitioned, setLockTimeout } from './partitions.ts';
import { makePartsAhead } from './parts-ahead.ts';
import { checkRetention, type RetentionDays } from './retention-days.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
const AFTER_FAILURE_MS = 300_000;
/** Longer than the longest wait for a lock. */
const ANSWER_WITHIN_MS = 120_000;
const LOCK_WITHIN = '1s';
/** Any number that nobody else takes in this database. */
const LOCK = 7_310_027_415_927;

const BY_PARTS = {
  snapshots: { table: 'health_snapshots', digits: 8 },
  audit: { table: 'audit_log', digits: 6 },
} as const satisfies Partial<Record<keyof RetentionDays, Partitioned>>;

const BY_ROWS = {
  transitions: { table: 'transitions', column: 'at' },
  usage: { table: 'usage_hourly', column: 'hour' },
  errors: { table: 'errors_hourly', column: 'hour' },
  verifications: { table: 'verifications', column: 'at' },
} as const;

/** What {@link Retention} works with. */
export interface RetentionOptions {
  readonly address: AddressSource;
  readonly days: RetentionDays;
  readonly directory: BotDirectory;
  readonly clock: Clock;
  readonly log: Log;
}

interface Task {
  readonly what: string;
  readonly run: () => Promise<void>;
}

/**
 * Lets go of what is too old, and makes partitions ahead. Only one is at it at a time in a database,
 * and each step either happens whole or is taken up by the next run.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #database: LazyDatabase;

  /** Throws an input error where the days can't be kept to. */
  constructor(options: RetentionOptions) {
    checkRetention(options.days);
    this.#options = options;
    this.#database = new LazyDatabase(options.address, {
      max: 1,
      answerWithinMs: ANSWER_WITHIN_MS,
      settings: { search_path: 'tenantbot, pg_temp', 'tenantbot.namespaces': '*' },
    });
  }

  /** Runs each hour until `signal` aborts. What fails is logged. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    // Who is there may not be known yet; that somebody is gone is for the second run to say.
    for (let mayMiss = false; !signal.aborted; mayMiss = true) {
      let waitMs = EVERY_MS;
      try {
        await this.run(signal, mayMiss);
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`the retention of the history failed: ${errorMessage(error)}`);
        waitMs = AFTER_FAILURE_MS;
      }
      await sleep(clock, waitMs, signal).catch(() => undefined);
    }
  }

  /**
   * Does all that there is to do; what somebody else holds up is left for the next time. Bots that
   * the directory does not know count as deleted from now on where `mayMiss`. Resolves to false
   * where another one is at it.
   */
  async run(signal: AbortSignal, mayMiss = true): Promise<boolean> {
    try {
      return await this.#database.use((database) =>
        database.connection().execute(async (connection) => {
          if (!(await tryLock(connection))) return false;
          for (const task of this.#tasks(connection, mayMiss, signal)) {
            signal.throwIfAborted();
            await this.#perform(task, connection);
          }
          return true;
        }),
      );
    } finally {
      // That gives the lock back, too.
      await this.#database.close();
    }
  }

  /** One that the server refuses does not keep the others from being done. */
  async #perform({ what, run }: Task, connection: Kysely<unknown>): Promise<void> {
    try {
      await setLockTimeout(connection, LOCK_WITHIN);
      await run();
    } catch (error) {
      const state = sqlState(error);
      if (state === undefined || state.startsWith('57')) throw error;
      this.#options.log.warn(
        { sqlState: state },
        `the history could not ${what}, and tries again within the hour: ${errorMessage(error)}`,
      );
    }
  }

  #tasks(connection: Kysely<unknown>, mayMiss: boolean, signal: AbortSignal): readonly Task[] {
    const { days, directory, clock, log } = this.#options;
    const nowMs = clock.wallMs();
    const beforeMs = (what: keyof RetentionDays): number => nowMs - days[what] * DAY_MS;
    const onDropped = (name: string): void => log.info(`history: dropped ${name}`);
    const told = (count: number, what: string): void => {
      if (count > 0) log.info(`history: ${what}: ${count}`);
    };
    const ahead = {
      what: 'make the days ahead',
      run: () => makePartsAhead(connection, nowMs),
    };
    const missing = {
      what: 'mark bots that are gone',
      run: () => markMissing(connection, directory),
    };
    const byParts = Object.entries(BY_PARTS).map(([what, parts]) => ({
      what: `drop old parts of ${parts.table}`,
      run: () =>
        dropOldParts(
          parts,
          beforeMs(what as keyof RetentionDays),
          { connection, onDropped },
          signal,
        ),
    }));
    const byRows = Object.entries(BY_ROWS).map(([what, rows]) => ({
      what: `delete old rows of ${rows.table}`,
      run: async () => {
        const before = beforeMs(what as keyof RetentionDays);
        told(await deleteOldRows(connection, rows, before, signal), `deleted of ${rows.table}`);
      },
    }));
    const purge = {
      what: 'purge deleted bots',
      run: async () => {
        const options = { beforeMs: beforeMs('deletedBots'), nowMs, directory };
        told(await purgeBots(connection, options, signal), 'purged bots');
      },
    };
    const limits = {
      what: 'delete limits that are over',
      run: async () => {
        await sql`delete from admin_limits where expire < ${nowMs}::bigint`.execute(connection);
      },
    };
    return [ahead, ...byParts, ...byRows, limits, ...(mayMiss ? [missing] : []), purge];
  }
}

async function tryLock(connection: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(${LOCK}) as locked
  `.execute(connection);
  return rows[0]?.locked === true;
}
