import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Registry } from 'prom-client';
import type { KnownBot } from '../api/bot-directory.ts';
import type { AddressSource } from '../history/address-source.ts';
import { parseDatabaseUrl } from '../history/database-address.ts';
import { EmbeddedDatabase } from '../history/embedded/embedded-database.ts';
import { History } from '../history/history.ts';
import { FollowingReader } from '../history/queries/following-reader.ts';
import type { HistoryReader } from '../history/queries/reader.ts';
import type { RetentionDays } from '../history/retention/retention-days.ts';
import { aborted } from '../lib/aborted.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { Secret } from '../lib/secret.ts';
import { within } from '../lib/within.ts';
import type { Log } from '../telemetry/log.ts';
import type { ObjectStore } from './object-store.ts';

/** What a {@link LocalHistory} goes by. */
export interface LocalHistoryOptions {
  /** The data folder. */
  readonly data: string;
  /** A database elsewhere; an embedded one in the data folder unless given. */
  readonly databaseUrl: Secret | undefined;
  readonly retention: RetentionDays | undefined;
  /** Where it shows how it does. */
  readonly registry: Registry | undefined;
  /** Which bots there are. */
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A database that somebody may have to keep running. */
interface Database {
  readonly address: AddressSource;
  /** For people. */
  readonly place: string;
  readonly start: (signal: AbortSignal) => Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** How long what is being written may take at the end. */
const LAST_WRITE_MS = 300;

/**
 * The history of a standalone, kept from the moment that it is made. Nobody has to wait for it:
 * where it can't be kept it says so once, in words, and is tried again.
 */
export class LocalHistory {
  readonly kept: History;
  /** For people. */
  readonly place: string;
  readonly #clock: Clock;
  readonly #stopKeeping = new AbortController();
  readonly #stopDatabase = new AbortController();
  readonly #keeping: Promise<void>;
  readonly #reader: FollowingReader;
  readonly #reading: Promise<void>;
  readonly #serving: Promise<void>;
  readonly #unwatch: () => void;

  /** Throws an input error where the address of the database makes no sense. */
  constructor(options: LocalHistoryOptions) {
    const { objects, retention, registry, clock, random, log } = options;
    const { address, place, start } = databaseOf(options);
    this.#clock = clock;
    this.place = place;
    const directory = { find: (uid: string) => knownBot(objects, uid) };
    const days = retention && { retention };
    const shown = registry && { registry };
    this.kept = new History({ address, directory, clock, random, log, ...days, ...shown });
    this.#serving = start(this.#stopDatabase.signal);
    this.#reader = new FollowingReader(address, { clock, log });
    this.#reading = this.#reader.start(this.#stopKeeping.signal);
    this.#keeping = this.kept.start(this.#stopKeeping.signal);
    this.#unwatch = objects.watch(({ type, object }) => {
      if (type === 'DELETED' && object.kind === 'TenantBot') this.kept.botGone(object.metadata.uid);
    });
  }

  /** Who can be asked what was; undefined while the database can't be had. */
  get reader(): HistoryReader | undefined {
    return this.#reader.reader;
  }

  /** Calls `onChange` whenever it is kept in another way than before, until `signal` aborts. */
  async watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    let before = this.kept.availability();
    while (!signal.aborted) {
      await sleep(this.#clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      const now = this.kept.availability();
      if (!isDeepStrictEqual(now, before)) onChange();
      before = now;
    }
  }

  /** Nothing is kept from now on; resolves when no process and no connection is left. */
  async close(): Promise<void> {
    this.#unwatch();
    this.#stopKeeping.abort();
    await within(this.#clock, LAST_WRITE_MS, Promise.all([this.#keeping, this.#reading]));
    this.#stopDatabase.abort();
    await this.#serving;
  }
}

function databaseOf({ data, databaseUrl, clock, random, log }: LocalHistoryOptions): Database {
  if (databaseUrl) {
    const address = parseDatabaseUrl(databaseUrl);
    return { address: async () => address, place: address.place, start: aborted };
  }
  const embedded = new EmbeddedDatabase({ folder: join(data, 'postgres'), clock, random, log });
  const start = (signal: AbortSignal): Promise<void> => embedded.start(signal);
  return { address: embedded.address, place: 'in the data folder', start };
}

function knownBot(objects: ObjectStore, uid: string): KnownBot | undefined {
  const object = objects.find(uid);
  if (object?.kind !== 'TenantBot') return undefined;
  const { metadata, status } = object;
  const { namespace, name } = metadata;
  const bot = status?.bot;
  return { namespace, name, ...(bot && { botId: bot.id, username: bot.username }) };
}
