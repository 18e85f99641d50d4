import { type Kysely, sql } from 'kysely';
import type { BotDirectory } from '../../api/bot-directory.ts';
import { BotKeys, type FoundBots } from './bot-keys.ts';
import { SnapshotDays } from './days.ts';
import { insertTransitions, insertVerifications } from './events.ts';
import { upsertErrors, upsertUsage } from './hourly.ts';
import { arrayLiteral } from './insert.ts';
import { OffSessions } from './off-sessions.ts';
import { type Row, rowsOf } from './row.ts';
import { insertSnapshots } from './snapshots.ts';

/** What one transaction writes. */
export interface Change {
  readonly rows: readonly Row[];
  /** Bots that were deleted, by uid. */
  readonly gone: readonly string[];
}

/** What it did, for {@link RecordTables.committed} once it is committed. */
export interface Written {
  readonly gone: readonly string[];
  readonly bots: FoundBots;
  readonly off: ReadonlySet<string>;
  /** Of bots that nobody knows: they were not written. */
  readonly strangers: readonly Row[];
  /** Rows that are new or have changed, by table. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The tables that records go to, and what is remembered of them from one transaction to the next. */
export class RecordTables {
  readonly #bots: BotKeys;
  readonly #days = new SnapshotDays();
  readonly #off = new OffSessions();

  constructor(directory: BotDirectory) {
    this.#bots = new BotKeys(directory);
  }

  /** Makes what has to be there before a transaction, by itself: it locks what others need. */
  async prepare(database: Kysely<unknown>, { rows }: Change): Promise<void> {
    await this.#days.ensure(database, rowsOf(rows, 'snapshot'));
  }

  /** Writes all of it within the transaction `step`. */
  async write(step: Kysely<unknown>, { rows, gone }: Change): Promise<Written> {
    const bots = await this.#bots.find(step, new Set(rows.map(({ record }) => record.uid)));
    const isKnown = ({ record }: Row): boolean => bots.ids.has(record.uid);
    const known = rows.filter(isKnown);
    const snapshots = rowsOf(known, 'snapshot');
    const off = await this.#off.among(step, snapshots);
    const counts = {
      health_snapshots: await insertSnapshots(step, snapshots, bots.ids, off),
      transitions: await insertTransitions(step, rowsOf(known, 'transition'), bots.ids),
      verifications: await insertVerifications(step, rowsOf(known, 'verification'), bots.ids),
      usage_hourly: await upsertUsage(step, rowsOf(known, 'usage'), bots.ids),
      errors_hourly: await upsertErrors(step, rowsOf(known, 'error'), bots.ids),
    };
    if (gone.length > 0) {
      await sql`
        update bots set deleted_at = now()
        where deleted_at is null and uid = any (${arrayLiteral(gone)}::text[])
      `.execute(step);
    }
    const strangers = rows.filter((row) => !isKnown(row));
    return { gone, bots, off, strangers, counts };
  }

  /** The transaction of `written` is there for good. */
  committed({ gone, bots, off }: Written): void {
    this.#bots.keep(bots);
    this.#bots.drop(gone);
    this.#off.keep(off);
  }

  /** Takes nothing for granted: somebody else may have changed something. */
  forget(): void {
    this.#bots.forget();
    this.#days.forget();
    this.#off.forget();
  }
}
