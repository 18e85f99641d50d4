import type { Kysely } from 'kysely';
import { type ConnectionOptions, openDatabase } from './database.ts';
import type { DatabaseAddress } from './database-address.ts';
import { inWords, isDataError } from './database-errors.ts';

/** A database that is connected to when it is needed, and again after it was away. */
export class LazyDatabase {
  readonly #address: DatabaseAddress;
  readonly #options: ConnectionOptions;
  #opened: Promise<Kysely<unknown>> | undefined;

  constructor(address: DatabaseAddress, options: ConnectionOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** What `work` comes to; rejects as {@link inWords} does, and next time connects anew. */
  async use<Value>(work: (database: Kysely<unknown>) => Promise<Value>): Promise<Value> {
    const opened = (this.#opened ??= openDatabase(this.#address, this.#options));
    try {
      return await inWords(this.#address.place, opened.then(work));
    } catch (error) {
      // A connection on which nothing answers any more would be waited for again, and again.
      if (this.#opened === opened && !isDataError(error)) void this.close();
      throw error;
    }
  }

  /** As {@link use}, in one transaction. Where that fails, it is told why and not what came of it. */
  transaction<Value>(work: (step: Kysely<unknown>) => Promise<Value>): Promise<Value> {
    return this.use(async (database) => {
      let cause: unknown;
      try {
        return await database
          .transaction()
          .setIsolationLevel('read committed')
          .execute((step) =>
            work(step).catch((error: unknown) => {
              cause = error;
              throw error;
            }),
          );
      } catch (error) {
        // A connection that broke can't roll back either.
        throw cause ?? error;
      }
    });
  }

  /** Ends its connections. It may be used again. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.then(
      (database) => database.destroy(),
      // It was never there.
      () => undefined,
    );
  }
}
