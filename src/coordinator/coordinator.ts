import type { FleetRateLimits } from '../api/rate-limits.ts';
import { capsOf, type Demand, type Grant, type Granter, type HolderId } from '../control/grants.ts';
import { equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { News } from '../lib/news.ts';
import type { Random } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import { GrantBook, type GrantBookOptions, type ResourceState } from './grant-book.ts';
import {
  type GrantStore,
  type GrantTable,
  isGrantConflict,
  readTable,
  writeTable,
} from './table.ts';

/** What a {@link Coordinator} works with. */
export interface CoordinatorOptions extends GrantBookOptions {
  readonly fleet: string;
  readonly store: GrantStore;
  /** Whether this process leads, at this very moment. */
  readonly isLeader: () => boolean;
  /** The shards of which there are pods: any of them may hold what no table tells of. */
  readonly shards: () => readonly number[];
  /** Whether the holder's pod is no more; where its uid is empty, whether its shard has none. */
  readonly isGone: (id: HolderId) => boolean;
  /** The shard is to hear at once what it may do. */
  readonly wake: (shard: number) => void;
  /** A table was written. */
  readonly onWrite?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What there is to tell of a fleet's coordination. */
export interface CoordinatorState {
  /** The part of the limits that is handed out: below 1 after Telegram has asked to slow down. */
  readonly factor: number;
  readonly resources: readonly ResourceState[];
}

/** Between two writes: what changes meanwhile goes along. */
const WRITE_GAP_MS = 200;
const AGAIN = { initialMs: 200, maxMs: 5_000 };
/** Pods that are gone are looked for so often. */
const TICK_MS = 1_000;

/**
 * The leader's part in keeping a fleet within its limits, for one fleet and one time of leading:
 * hears what shards want with every request, answers with grants, and sees to it that a grant which
 * grows is in the table first.
 */
export class Coordinator implements Granter {
  readonly #options: CoordinatorOptions;
  readonly #book: GrantBook;
  readonly #news = new News();
  #limits: FleetRateLimits = {};
  #version: string | undefined;
  #wasIdle = true;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#book = new GrantBook(options);
  }

  /** The limits that hold from now on. */
  setLimits(limits: FleetRateLimits): void {
    this.#limits = limits;
    this.#book.setCaps(capsOf(limits), this.#options.clock.monotonicMs());
    this.#plan();
  }

  hear(id: HolderId, told: Demand): void {
    this.#book.hear(id, told, this.#options.clock.monotonicMs());
    this.#plan(id.shard);
  }

  hasNews(id: HolderId): boolean {
    return this.#book.hasNews(id);
  }

  grant(id: HolderId): Grant | undefined {
    // Whoever leads after this counts all grants from when it began: none may be made from then on.
    if (!this.#options.isLeader()) return undefined;
    return this.#book.issue(id, this.#options.clock.monotonicMs());
  }

  /** How the fleet does. */
  state(): CoordinatorState {
    const resources = this.#book.state(this.#options.clock.monotonicMs());
    return { factor: this.#book.factor, resources };
  }

  /** Keeps the table until `signal` aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#isIdle) await this.#news.next(signal);
      else {
        await this.#open(signal);
        await this.#keep(signal);
        this.#book.close();
      }
    }
  }

  get #isIdle(): boolean {
    return (
      this.#limits.perSecond === undefined && Object.keys(this.#limits.methods ?? {}).length === 0
    );
  }

  /** Reads what was granted before, and opens a new term. */
  async #open(signal: AbortSignal): Promise<void> {
    const { clock, random, log, fleet } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await this.#tryOpen(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ fleet, error: errorMessage(error) }, 'the table of grants is not to be had yet');
        await sleep(clock, equalJitterMs(AGAIN, attempt, random), signal).catch(() => undefined);
      }
    }
  }

  async #tryOpen(signal: AbortSignal): Promise<void> {
    const { store, clock, log, fleet } = this.#options;
    const stored = await store.read(signal);
    const found = stored && readTable(stored.text);
    const nowMs = clock.monotonicMs();
    if (found) this.#book.inherit(found, nowMs);
    else if (this.#book.term === 0) this.#suspectAll(nowMs);
    if (stored && !found) {
      log.warn({ fleet }, 'the table of grants was changed by hand; it is made anew');
    }
    this.#version = await this.#write(this.#book.opening(nowMs), stored?.version, signal);
  }

  /** Writes what growing grants need, until the table is no longer this leader's. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, log, fleet } = this.#options;
    try {
      while (!signal.aborted && !this.#isIdle && !this.#book.isOutranked) {
        this.#book.drop(this.#options.isGone, clock.monotonicMs());
        this.#plan();
        const table = this.#book.takeWanted();
        if (table) this.#version = await this.#write(table, this.#version, signal);
        await this.#pause(table ? WRITE_GAP_MS : 0, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      const words = isGrantConflict(error)
        ? 'the table of grants was changed by somebody else; it is read again'
        : 'the table of grants could not be written; it is read again';
      log.warn({ fleet, error: errorMessage(error) }, words);
    }
  }

  async #write(
    table: GrantTable,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const written = await this.#options.store.write(writeTable(table), version, signal);
    this.#book.commit(table);
    this.#options.onWrite?.();
    this.#plan();
    return written;
  }

  /** Waits for something to do, or until it is time to look around. */
  async #pause(leastMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (leastMs > 0) await sleep(clock, leastMs, signal).catch(() => undefined);
    if (this.#book.hasWanted) return;
    const timer = clock.setTimer(TICK_MS, () => this.#news.tell());
    await this.#news.next(signal);
    timer.cancel();
  }

  #suspectAll(nowMs: number): void {
    this.#book.suspect(this.#options.shards(), nowMs);
  }

  /** Decides anew, and lets those know who are to know at once. */
  #plan(except?: number): void {
    this.#book.plan(this.#options.clock.monotonicMs());
    for (const id of this.#book.holders()) {
      if (id.shard !== except && this.#book.hasNews(id)) this.#options.wake(id.shard);
    }
    if (this.#book.hasWanted || this.#book.isOutranked || this.#isIdle !== this.#wasIdle)
      this.#news.tell();
    this.#wasIdle = this.#isIdle;
  }
}
