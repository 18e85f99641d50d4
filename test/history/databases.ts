import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { openDatabase } from '../../src/history/database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../../src/history/database-address.ts';
import type { LedgerTables } from '../../src/history/migrations/ledger.ts';
import { MIGRATIONS } from '../../src/history/migrations/list.ts';
import { type MigrateOptions, migrate } from '../../src/history/migrations/migrate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';

/** A database of a test's own. */
export interface TestDatabase {
  /** As the role that owns it, which is no superuser. Its password is `secret-of-<name>`. */
  readonly url: string;
  readonly name: string;
  readonly address: DatabaseAddress;
  /** The rows that the last statement of `query` brings, asked as that role or as `as`. */
  readonly rows: (
    query: string,
    as?: 'owner' | 'superuser',
  ) => Promise<readonly Record<string, unknown>[]>;
}

/** Makes an empty database with a role that owns it. They go with the server. */
export async function makeDatabase(server = inject('postgres')): Promise<TestDatabase> {
  const name = `t${randomBytes(6).toString('hex')}`;
  await ask(`${server}/postgres`, `create role ${name} login password 'secret-of-${name}'`);
  await ask(`${server}/postgres`, `create database ${name} owner ${name}`);
  const url = `postgres://${name}:secret-of-${name}@${new URL(server).host}/${name}`;
  return {
    url,
    name,
    address: parseDatabaseUrl(new Secret(url)),
    rows: (query, as = 'owner') => ask(as === 'owner' ? url : `${server}/${name}`, query),
  };
}

/** The rows that the last statement of `query` brings. */
async function ask(url: string, query: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const results = await client.query<Record<string, unknown>>(query);
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

/** Migrates `database`; resolves to the numbers that ran. */
export async function migrateDatabase(
  { address }: Pick<TestDatabase, 'address'>,
  options: Partial<MigrateOptions> = {},
  signal = AbortSignal.timeout(20_000),
): Promise<readonly number[]> {
  const database = await openDatabase<LedgerTables>(address);
  const ran: number[] = [];
  try {
    const onApplied = ({ number }: { number: number }): void => void ran.push(number);
    const byDefault = { migrations: MIGRATIONS, clock: systemClock, onApplied };
    await migrate(database, { ...byDefault, ...options }, signal);
    return ran;
  } finally {
    await database.destroy();
  }
}
