import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { environmentError } from '../lib/errors.ts';
import type { DatabaseAddress } from './database-address.ts';
import { inWords } from './database-errors.ts';

const CONNECT_WITHIN_MS = 10_000;
const OLDEST_VERSION = 15;

/**
 * Connects to the Postgres at `address`. Rejects in words where nothing answers, where the login is
 * refused, where it is not Postgres, or older than 15. Whoever opened it calls `destroy`.
 */
export async function openDatabase<Tables>({
  url,
  place,
}: DatabaseAddress): Promise<Kysely<Tables>> {
  const pool = new Pool({
    connectionString: url.reveal(),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    application_name: 'tenantbot',
    keepAlive: true,
    max: 4,
  });
  // A connection that breaks while nobody uses it is taken out of the pool; the next query tells.
  pool.on('error', () => undefined);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await inWords(place, refuseUnfit(database, place));
    return database;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

async function refuseUnfit<Tables>(database: Kysely<Tables>, place: string): Promise<void> {
  const { rows } = await sql<{ version: string; number: string }>`
    select version() as version, current_setting('server_version_num') as number
  `.execute(database);
  const { version = '', number = '0' } = rows[0] ?? {};
  if (!version.startsWith('PostgreSQL ')) {
    throw environmentError('DATABASE_NOT_POSTGRES', `the database ${place} is not Postgres`);
  }
  if (Math.floor(Number(number) / 10_000) >= OLDEST_VERSION) return;
  throw environmentError(
    'DATABASE_TOO_OLD',
    `the database ${place} is ${version.split(' ', 2).join(' ')}; Postgres ${OLDEST_VERSION} or newer is needed`,
  );
}
