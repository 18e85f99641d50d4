import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { environmentError } from '../lib/errors.ts';
import type { DatabaseAddress } from './database-address.ts';
import { inWords } from './database-errors.ts';

const CONNECT_WITHIN_MS = 10_000;
const OLDEST_VERSION = 15;

/** How the connections of a pool are. */
export interface PoolOptions {
  /** How many there may be at once; 4 unless given. */
  readonly max?: number;
  /** How long one statement may take before the connection counts as dead; for ever unless given. */
  readonly answerWithinMs?: number;
}

/** How the connections of a database are. */
export interface ConnectionOptions extends PoolOptions {
  /** Set on each connection, as `set <name> = <value>` would. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Connects to the Postgres at `address`. Rejects in words where nothing answers, where the login is
 * refused, where it is not Postgres, or older than 15. Whoever opened it calls `destroy`.
 */
export async function openDatabase<Tables>(
  address: DatabaseAddress,
  { settings = {}, ...options }: ConnectionOptions = {},
): Promise<Kysely<Tables>> {
  const dialect = new PostgresDialect({
    pool: await openPool(address, options),
    async onCreateConnection(connection) {
      for (const setting of Object.entries(settings)) {
        const set = 'select set_config($1, $2, false)';
        await connection.executeQuery(CompiledQuery.raw(set, setting));
      }
    },
  });
  return new Kysely<Tables>({ dialect });
}

/** As {@link openDatabase}, for those who need single connections. Whoever opened it ends it. */
export async function openPool(
  { url, place }: DatabaseAddress,
  { max = 4, answerWithinMs }: PoolOptions = {},
): Promise<Pool> {
  const pool = new Pool({
    connectionString: url.reveal(),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    application_name: 'tenantbot',
    keepAlive: true,
    max,
    ...(answerWithinMs !== undefined && { query_timeout: answerWithinMs }),
  });
  // A connection that breaks while nobody uses it is taken out of the pool; the next query tells.
  pool.on('error', () => undefined);
  // One that breaks in somebody's hands between two queries would end the process otherwise.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  try {
    await inWords(place, refuseUnfit(pool, place));
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function refuseUnfit(pool: Pool, place: string): Promise<void> {
  const { rows } = await pool.query<{ version: string; number: string }>(
    `select version() as version, current_setting('server_version_num') as number`,
  );
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
