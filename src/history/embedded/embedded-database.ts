import { aborted } from '../../lib/aborted.ts';
import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { environmentError } from '../../lib/errors.ts';
import type { Random } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressSource } from '../address-source.ts';
import type { DatabaseAddress } from '../database-address.ts';
import { startEmbedded } from './server.ts';

/** What an {@link EmbeddedDatabase} works with. */
export interface EmbeddedDatabaseOptions {
  /** As for {@link startEmbedded}. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const AGAIN: BackoffPolicy = { initialMs: 500, maxMs: 60_000 };
/** It may take so long to end in order; after that it repairs itself at the next start. */
const STOP_WITHIN_MS = 400;

/** The database of an embedded Postgres, which is started again whenever it ends. */
export class EmbeddedDatabase {
  readonly #options: EmbeddedDatabaseOptions;
  readonly #first = Promise.withResolvers<void>();
  #address: DatabaseAddress | undefined;
  #trouble: unknown;

  constructor(options: EmbeddedDatabaseOptions) {
    this.#options = options;
  }

  /** Where it is now. The first start is waited for; rejects in words while it can't be had. */
  readonly address: AddressSource = async () => {
    await this.#first.promise;
    if (!this.#address) throw this.#trouble;
    return this.#address;
  };

  /** Keeps it running until `signal` aborts; resolves when it has ended. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#serve(signal, () => (failures = 0));
        this.#trouble = environmentError('EMBEDDED_POSTGRES_ENDED', 'its Postgres does not run');
        if (!signal.aborted) log.warn('the Postgres of the history has ended; it is started again');
      } catch (error) {
        this.#trouble = error;
      }
      this.#first.resolve();
      const delayMs = equalJitterMs(AGAIN, failures++, random);
      await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  }

  /** From one start to its end. */
  async #serve(signal: AbortSignal, onStarted: () => void): Promise<void> {
    const { folder, clock } = this.#options;
    const server = await startEmbedded(folder, clock, signal);
    onStarted();
    this.#address = server.address;
    this.#first.resolve();
    await Promise.race([server.exited, aborted(signal)]);
    this.#address = undefined;
    await server.stop(STOP_WITHIN_MS);
  }
}
