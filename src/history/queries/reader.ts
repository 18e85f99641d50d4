import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { check, formatProblem } from '../../api/explain.ts';
import type { Clock } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { openPool } from '../database.ts';
import type { DatabaseAddress } from '../database-address.ts';
import { inWords } from '../database-errors.ts';
import { type Namespaces, namespacesSchema } from './namespaces.ts';
import type { HistoryQuery } from './query.ts';
import { ScopedPool } from './scoped-pool.ts';

const SLOW_MS = 250;

/** What a {@link HistoryReader} is made of. */
export interface ReaderOptions {
  readonly clock: Clock;
  /** Told of slow queries: their name, never their values. */
  readonly log: Log;
  /** After how long Postgres gives a query up. */
  readonly timeoutMs?: number;
}

/** Asks the history. It has connections of its own, which can't write. */
export class HistoryReader {
  readonly #pool: Pool;
  readonly #scopes: ScopedPool;
  readonly #place: string;
  readonly #options: ReaderOptions;

  private constructor(pool: Pool, place: string, options: ReaderOptions) {
    this.#pool = pool;
    this.#scopes = new ScopedPool(pool, options.timeoutMs ?? 10_000);
    this.#place = place;
    this.#options = options;
  }

  /** Rejects in words as `openPool` does. Whoever opened it calls {@link close}. */
  static async open(address: DatabaseAddress, options: ReaderOptions): Promise<HistoryReader> {
    return new HistoryReader(await openPool(address), address.place, options);
  }

  /**
   * What `query` finds in `namespaces` and nowhere else. Rejects with an input error that says what
   * is wrong with the arguments, or in words about the database.
   */
  async ask<Schema extends z.ZodType, Result>(
    query: HistoryQuery<Schema, Result>,
    namespaces: Namespaces,
    args: z.input<Schema>,
  ): Promise<Result> {
    const { clock, log } = this.#options;
    const allowed = checked(namespacesSchema, namespaces, 'namespaces');
    const checkedArgs = checked(query.args, args, query.name);
    const dialect = new PostgresDialect({ pool: this.#scopes.of(allowed) });
    const database = new Kysely<unknown>({ dialect });
    const began = clock.monotonicMs();
    try {
      const asking = { database, namespaces: allowed, nowMs: clock.wallMs() };
      return await inWords(this.#place, query.run(asking, checkedArgs));
    } finally {
      const ms = Math.round(clock.monotonicMs() - began);
      if (ms > SLOW_MS) log.warn({ query: query.name, ms }, 'a query to the history was slow');
    }
  }

  /** Resolves when what is being asked has been answered and all connections are closed. */
  close(): Promise<void> {
    return this.#pool.end();
  }
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): z.output<Schema> {
  const result = check(schema, input);
  if (result.ok) return result.value;
  const words = result.problems.map(formatProblem).join('; ');
  throw inputError('QUERY_INVALID', `${what}: ${words}`);
}
