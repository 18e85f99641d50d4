import { type Kysely, sql } from 'kysely';
import { environmentError } from '../../lib/errors.ts';
import { checksum, type Migration } from './migration.ts';

/** The schema that holds everything of ours. */
export const SCHEMA = 'tenantbot';

/** A migration that ran, as the database remembers it. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

/** The table that remembers them. */
export interface LedgerTables {
  readonly migrations: AppliedMigration;
}

/** Every migration that ran, in order. Asks before it reads, so that nothing has to be there. */
export async function readLedger(
  database: Kysely<LedgerTables>,
): Promise<readonly AppliedMigration[]> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(${`${SCHEMA}.migrations`}) is not null as there
  `.execute(database);
  if (rows[0]?.there !== true) return [];
  return database
    .withSchema(SCHEMA)
    .selectFrom('migrations')
    .selectAll()
    .orderBy('number')
    .execute();
}

/** Makes schema and table where they are missing. */
export async function ensureLedger(database: Kysely<LedgerTables>): Promise<void> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regnamespace(${SCHEMA}) is not null as there
  `.execute(database);
  // Asked first: "if not exists" needs the right to make schemas all the same.
  if (rows[0]?.there !== true) await sql`create schema ${sql.id(SCHEMA)}`.execute(database);
  await sql`
    create table if not exists ${sql.id(SCHEMA, 'migrations')} (
      number integer primary key check (number > 0),
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`.execute(database);
}

/** Writes down that `migration` ran. */
export async function recordMigration(
  database: Kysely<LedgerTables>,
  migration: Migration,
): Promise<void> {
  const { number, name } = migration;
  await sql`
    insert into ${sql.id(SCHEMA, 'migrations')} (number, name, checksum)
    values (${number}, ${name}, ${checksum(migration)})`.execute(database);
}

/**
 * Throws where what ran is not the beginning of `known`: the database is newer than this program,
 * or a migration was edited after it ran.
 */
export function refuseStranger(
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
): void {
  for (const [index, ran] of applied.entries()) {
    const migration = known[index];
    if (!migration) {
      throw environmentError(
        'DATABASE_NEWER',
        `the database has migration ${ran.number} (${ran.name}), and this program knows ${known.length}: a newer tenantbot was here. Run that one, or restore a backup from before`,
      );
    }
    if (ran.number === migration.number && ran.checksum === checksum(migration)) continue;
    throw environmentError(
      'MIGRATION_EDITED',
      `migration ${ran.number} (${ran.name}) is not what ran on this database at ${ran.applied_at.toISOString()}: it was edited since. Run the tenantbot that the database was made with; changes of the schema belong into a new migration`,
    );
  }
}
