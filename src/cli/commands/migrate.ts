import type { Kysely } from 'kysely';
import { openDatabase } from '../../history/database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../../history/database-address.ts';
import { inWords } from '../../history/database-errors.ts';
import { type LedgerTables, readLedger, refuseStranger } from '../../history/migrations/ledger.ts';
import { MIGRATIONS } from '../../history/migrations/list.ts';
import { migrate } from '../../history/migrations/migrate.ts';
import { abortable } from '../../lib/abortable.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MigrateSettings } from '../migrate-settings.ts';
import { formatTable } from '../table.ts';
import type { Io } from './io.ts';

/** What `tenantbot migrate` is asked for. */
export interface MigrateRequest {
  /** Only to show what ran and what is to run. */
  readonly status: boolean;
  /** The last migration to run. */
  readonly to: number | undefined;
  readonly clock: Clock;
}

/** `tenantbot migrate`: brings the schema of the history to what this program needs. */
export async function runMigrate(
  { databaseUrl }: MigrateSettings,
  request: MigrateRequest,
  { io, signal }: { readonly io: Io; readonly signal: AbortSignal },
): Promise<void> {
  const address = parseDatabaseUrl(databaseUrl);
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
