import { CompiledQuery } from 'kysely';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { AddressSource } from '../../history/address-source.ts';
import { LazyDatabase } from '../../history/lazy-database.ts';
import { type Counters, countersOf } from './counters.ts';
import type { LimitTable } from './limit-classes.ts';

const ANSWER_WITHIN_MS = 2_000;
const SETTINGS = { search_path: 'tenantbot, pg_temp' };

/** Counters in the database of the history, for all replicas. */
export interface SharedCounters extends Counters {
  /** Ends the connections. */
  close(): Promise<void>;
}

/** They reject while the database can't be had, and connect again by themselves. */
export function sharedCounters(address: AddressSource, table: LimitTable): SharedCounters {
  const database = new LazyDatabase(address, {
    max: 2,
    answerWithinMs: ANSWER_WITHIN_MS,
    settings: SETTINGS,
  });
  const storeClient = {
    query: async ({ text, values }: { readonly text: string; readonly values: unknown[] }) => {
      const query = CompiledQuery.raw(text, values);
      const { rows } = await database.use((connection) => connection.executeQuery(query));
      return { rows, rowCount: rows.length };
    },
  };
  const counters = countersOf(
    table,
    (options) =>
      new RateLimiterPostgres({
        ...options,
        storeClient,
        storeType: 'client',
        tableName: 'admin_limits',
        tableCreated: true,
        clearExpiredByTimeout: false,
      }),
  );
  return { ...counters, close: () => database.close() };
}
