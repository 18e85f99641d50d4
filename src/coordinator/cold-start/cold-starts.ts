import type { ColdStartLimits } from '../../api/cold-start.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { type ColdBot, ColdStartQueue } from './cold-start-queue.ts';

/** So long Telegram keeps a bot loaded that it heard of. */
const LOADED_MS = 30 * 60_000;

/** A bot that wants to start. */
export interface Starter extends ColdBot {
  readonly fleet: string;
  /** Of its fleet; undefined where there are none. */
  readonly limits: ColdStartLimits | undefined;
}

export interface ColdStartsOptions {
  readonly clock: Clock;
  /** The bot's turn has come: it is to be asked about again. */
  readonly onTurn: (uid: string) => void;
}

/**
 * Which bots may start, of all fleets: those that Telegram was lately heard to serve at once, the
 * others when their turn in the line of their fleet has come.
 */
export class ColdStarts {
  readonly #options: ColdStartsOptions;
  readonly #queues = new Map<string, ColdStartQueue>();
  /** Until when Telegram keeps bots loaded, by uid. */
  readonly #loadedUntilMs = new Map<string, number>();
  readonly #fleetOf = new Map<string, string>();
  /** Bots whose turn has come. */
  readonly #admitted = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: ColdStartsOptions) {
    this.#options = options;
  }

  /** The bot is hosted, or was until so long ago. */
  keepLoaded(uid: string, agoMs = 0): void {
    this.leave(uid);
    this.#loadedUntilMs.set(uid, this.#options.clock.monotonicMs() - agoMs + LOADED_MS);
  }

  /**
   * Undefined where the bot may start now; else when its turn comes, on the monotonic clock. Whoever
   * asks stands in line until it has started or is forgotten.
   */
  turnOf({ fleet, limits, ...bot }: Starter): number | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    const isLoaded = (this.#loadedUntilMs.get(bot.uid) ?? -Infinity) > nowMs;
    if (isLoaded || limits === undefined || this.#admitted.has(bot.uid)) return undefined;
    const queue = this.#queueOf(fleet, limits);
    if (this.#fleetOf.get(bot.uid) !== fleet) this.leave(bot.uid);
    this.#fleetOf.set(bot.uid, fleet);
    const turnMs = queue.enter(bot, nowMs);
    this.#admit();
    return this.#admitted.has(bot.uid) ? undefined : turnMs;
  }

  /** The bot does not want to start. */
  leave(uid: string): void {
    this.#queues.get(this.#fleetOf.get(uid) ?? '')?.leave(uid);
    this.#fleetOf.delete(uid);
    this.#admitted.delete(uid);
  }

  /** The bot is gone. */
  forget(uid: string): void {
    this.leave(uid);
    this.#loadedUntilMs.delete(uid);
  }

  /** Counts starts in the fleet that the leader before has made, each so long ago. */
  restore(fleet: string, limits: ColdStartLimits, agesMs: readonly number[]): void {
    const nowMs = this.#options.clock.monotonicMs();
    const startsMs = agesMs.map((ageMs) => nowMs - ageMs);
    this.#queueOf(fleet, limits).restore(startsMs, nowMs);
  }

  /** Tells of no more turns. */
  close(): void {
    this.#timer?.cancel();
  }

  /** Tells of the turns that have come, and comes again when the next one does. */
  #admit(): void {
    const { clock, onTurn } = this.#options;
    const nowMs = clock.monotonicMs();
    let nextMs = Infinity;
    for (const queue of this.#queues.values()) {
      for (const uid of queue.admit(nowMs)) {
        this.#fleetOf.delete(uid);
        this.#admitted.add(uid);
        onTurn(uid);
      }
      nextMs = Math.min(nextMs, queue.nextMs(nowMs) ?? Infinity);
    }
    this.#timer?.cancel();
    this.#timer =
      nextMs === Infinity ? undefined : clock.setTimer(nextMs - nowMs, () => this.#admit());
  }

  #queueOf(fleet: string, limits: ColdStartLimits): ColdStartQueue {
    const known = this.#queues.get(fleet);
    known?.setLimits(limits);
    if (known) return known;
    const queue = new ColdStartQueue(limits);
    this.#queues.set(fleet, queue);
    return queue;
  }
}
