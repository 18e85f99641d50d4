/** Migrates the database of its argument, and is slow in the midst of the second migration. */
import { openDatabase } from '../../src/history/database.ts';
import { parseDatabaseUrl } from '../../src/history/database-address.ts';
import type { LedgerTables } from '../../src/history/migrations/ledger.ts';
import { migrate } from '../../src/history/migrations/migrate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { SLOW } from './slow-migrations.ts';

const database = await openDatabase<LedgerTables>(
  parseDatabaseUrl(new Secret(process.argv[2] ?? '')),
);
const onApplied = (): undefined => undefined;
const options = { migrations: SLOW, clock: systemClock, onApplied };
await migrate(database, options, new AbortController().signal);
await database.destroy();
