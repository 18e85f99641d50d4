import { sleep } from '../../lib/clock.ts';
import type { AddressSource } from '../address-source.ts';
import type { DatabaseAddress } from '../database-address.ts';
import { HistoryReader, type ReaderOptions } from './reader.ts';

const LOOK_EVERY_MS = 500;

/** Who can be asked what was, wherever the database is at the time. */
export class FollowingReader {
  readonly #address: AddressSource;
  readonly #options: ReaderOptions;
  #open: { readonly reader: HistoryReader; readonly address: DatabaseAddress } | undefined;

  constructor(address: AddressSource, options: ReaderOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** Undefined while the database can't be had. */
  get reader(): HistoryReader | undefined {
    return this.#open?.reader;
  }

  /** Follows the database until `signal` aborts; resolves when no connection is left. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#follow().catch(() => undefined);
      await sleep(this.#options.clock, LOOK_EVERY_MS, signal).catch(() => undefined);
    }
    await this.#close();
  }

  /** Rejects where it is not there: that is told by who writes. */
  async #follow(): Promise<void> {
    const address = await this.#address();
    if (this.#open?.address.url.equals(address.url)) return;
    await this.#close();
    this.#open = { address, reader: await HistoryReader.open(address, this.#options) };
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.reader.close();
  }
}
