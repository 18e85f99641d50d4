import type { Kysely } from 'kysely';
import type { AddressSource } from './address-source.ts';
import { type ConnectionOptions, openDatabase } from './database.ts';
import { inWords, isDataError } from './database-errors.ts';

interface Opened {
  readonly database: Kysely<unknown>;
  readonly place: string;
}

/** A database that is connected to when it is needed, and again after it was away. */
export class LazyDatabase {
  readonly #address: AddressSource;
  readonly #options: ConnectionOptions;
  #opened: Promise<Opened> | undefined;

  constructor(address: AddressSource, options: ConnectionOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** What `work` comes to; rejects as {@link inWords} does, and next time connects anew. */
  async use<Value>(work: (database: Kysely<unknown>) => Promise<Value>): Promise<Value> {
    const opened = (this.#opened ??= this.#open());
    try {
      const { database, place } = await opened;
      return await inWords(place, work(database));
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
      ({ database }) => database.destroy(),
      // It was never there.
      () => undefined,
    );
  }

  async #open(): Promise<Opened> {
    const address = await this.#address();
    const database = await openDatabase<unknown>(address, this.#options);
    return { database, place: address.place };
  }
}
