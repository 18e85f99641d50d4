import { type Kysely, sql } from 'kysely';
import { type Clock, sleep } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import {
  ensureLedger,
  type LedgerTables,
  readLedger,
  recordMigration,
  refuseStranger,
  SCHEMA,
} from './ledger.ts';
import type { Migration } from './migration.ts';

/** Any number that nobody else takes in this database. */
const LOCK = 7_310_027_415_926;
const ASK_AGAIN_MS = 200;

/** What {@link migrate} is told. */
export interface MigrateOptions {
  readonly migrations: readonly Migration[];
  /** The last one to run; all of them unless given. */
  readonly to?: number | undefined;
  readonly clock: Clock;
  /** Called after each one that this call has run. */
  readonly onApplied: (migration: Migration) => void;
}

/**
 * Runs what has not run yet. Each migration is one transaction that holds an advisory lock, looks
 * at what ran, and writes down what it did: several of these may go at once, and one that is killed
 * anywhere leaves nothing half-made. `signal` ends it between two migrations.
 */
export async function migrate(
  database: Kysely<LedgerTables>,
  options: MigrateOptions,
  signal: AbortSignal,
): Promise<void> {
  refuseOutside(options);
  for (;;) {
    signal.throwIfAborted();
    const step = await runNext(database, options);
    if (step === 'done') return;
    if (step === 'busy') await sleep(options.clock, ASK_AGAIN_MS, signal);
    else options.onApplied(step);
  }
}

/** One transaction: the next migration, if there is one and nobody else is at it. */
function runNext(
  database: Kysely<LedgerTables>,
  { migrations, to = migrations.length }: MigrateOptions,
): Promise<Migration | 'busy' | 'done'> {
  // Read committed: what is read after the lock was taken is what the holder before left.
  const transaction = database.transaction().setIsolationLevel('read committed');
  return transaction.execute(async (step) => {
    if (!(await lock(step))) return 'busy';
    await ensureLedger(step);
    const applied = await readLedger(step);
    refuseStranger(applied, migrations);
    refuseBackwards(applied.length, to);
    const next = migrations[applied.length];
    if (!next || next.number > to) return 'done';
    await sql`set local search_path to ${sql.id(SCHEMA)}, pg_temp`.execute(step);
    for (const statement of next.statements) await sql.raw(statement).execute(step);
    await recordMigration(step, next);
    return next;
  });
}

async function lock(step: Kysely<LedgerTables>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${LOCK}) as locked
  `.execute(step);
  return rows[0]?.locked === true;
}

function refuseOutside({ migrations, to }: MigrateOptions): void {
  if (to === undefined || migrations.some(({ number }) => number === to)) return;
  throw inputError('MIGRATION_UNKNOWN', `--to must be from 1 to ${migrations.length}, not ${to}`);
}

function refuseBackwards(applied: number, to: number): void {
  if (applied <= to) return;
  throw inputError(
    'MIGRATION_BACKWARDS',
    `the database is at migration ${applied}, and migrations only go forward: --to ${to} would go back. Restore a backup instead`,
  );
}
