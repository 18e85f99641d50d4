import type { Kysely } from 'kysely';
import { openDatabase } from '../../history/database.ts';
import type { DatabaseAddress } from '../../history/database-address.ts';
import { inWords } from '../../history/database-errors.ts';
import { type LedgerTables, readLedger, refuseStranger } from '../../history/migrations/ledger.ts';
import { MIGRATIONS } from '../../history/migrations/list.ts';
import { migrate } from '../../history/migrations/migrate.ts';
import { abortable } from '../../lib/abortable.ts';
import type { Clock } from '../../lib/clock.ts';
import { environmentError } from '../../lib/errors.ts';
import type { MigrateSettings } from '../migrate-settings.ts';
import { formatTable } from '../table.ts';
import { atHistoryDatabase } from './history-database.ts';
import type { Io } from './io.ts';

/** What `tenantbot migrate` is asked for. */
export interface MigrateRequest {
  /** Only to show what ran and what is to run. */
  readonly status: boolean;
  /** The last migration to run. */
  readonly to: number | undefined;
  readonly clock: Clock;
}

/**
 * `tenantbot migrate`: brings the schema of the history to what this program needs. Where no
 * database is given it is that in the data folder, whose server runs meanwhile.
 */
export async function runMigrate(
  settings: MigrateSettings,
  request: MigrateRequest,
  surroundings: Surroundings,
): Promise<void> {
  const { clock } = request;
  const { signal } = surroundings;
  try {
    await atHistoryDatabase(settings, { clock, signal }, (address) =>
      migrateAt(address, request, surroundings),
    );
  } catch (error) {
    if (!surroundings.signal.aborted) throw error;
    throw environmentError('INTERRUPTED', 'interrupted; `tenantbot migrate` goes on from there');
  }
}

interface Surroundings {
  readonly io: Io;
  readonly signal: AbortSignal;
}

async function migrateAt(
  address: DatabaseAddress,
  request: MigrateRequest,
  { io, signal }: Surroundings,
): Promise<void> {
  const database = await abortable(openDatabase<LedgerTables>(address), signal);
  try {
    const work = request.status
      ? showStatus(database, io)
      : migrateAll({ database, address, request, io }, signal);
    await inWords(address.place, work);
  } finally {
    await database.destroy();
  }
}

async function showStatus(database: Kysely<LedgerTables>, io: Io): Promise<void> {
  const applied = await readLedger(database);
  const rows = MIGRATIONS.map(({ number, name }) => {
    const ran = applied.find((one) => one.number === number);
    return [String(number), name, ran?.applied_at.toISOString() ?? 'to run'];
  });
  io.out(formatTable([['NUMBER', 'NAME', 'RAN'], ...rows]));
  refuseStranger(applied, MIGRATIONS);
}

interface Migrating {
  readonly database: Kysely<LedgerTables>;
  readonly address: DatabaseAddress;
  readonly request: MigrateRequest;
  readonly io: Io;
}

async function migrateAll(
  { database, address, request: { to, clock }, io }: Migrating,
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  const onApplied = ({ number, name }: { number: number; name: string }): void => {
    count++;
    io.out(`ran ${number} ${name}`);
  };
  await migrate(database, { migrations: MIGRATIONS, to, clock, onApplied }, signal);
  io.out(`${address.place}: ${count === 0 ? 'nothing to run' : `${count} run`}`);
}
