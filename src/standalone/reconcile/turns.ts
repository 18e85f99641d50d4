import { type ColdStartLimits, coldStartLimits } from '../../api/cold-start.ts';
import type { Lifecycle } from '../../api/runtime-facts.ts';
import { ColdStarts } from '../../coordinator/cold-start/cold-starts.ts';
import { type Clock, fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import type { State } from '../data/state.ts';

const MINUTE_MS = 60_000;
/** Telegram had loaded a bot that was last seen so, or it was about to. */
const LOADED: ReadonlySet<string | undefined> = new Set<Lifecycle>([
  'Starting',
  'Running',
  'Restarting',
  'Stopping',
  'Stopped',
]);

/** A bot that is to run. */
export interface Starter {
  readonly uid: string;
  readonly fleet: string;
  readonly weight: number;
  /** What its fleet says of cold starts, with the Telegram that it really goes to. */
  readonly settings: Parameters<typeof coldStartLimits>[0];
}

/**
 * Lets bots that Telegram has to load start when their turn comes. Those that the run before had at
 * work may still be loaded, and those that it started count.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #starts: ColdStarts;
  readonly #before: State;
  readonly #recalled = new Set<string>();

  constructor(
    before: State,
    { clock, onTurn }: { readonly clock: Clock; readonly onTurn: () => void },
  ) {
    this.#clock = clock;
    this.#before = before;
    this.#starts = new ColdStarts({ clock, onTurn });
    if (before.savedAt === undefined) return;
    const agoMs = this.#agoMs(before.savedAt);
    for (const { uid, status } of before.bots) {
      if (LOADED.has(status.phase)) this.#starts.keepLoaded(uid, agoMs);
    }
  }

  /** The bot runs, or did until now. */
  keepLoaded(uid: string): void {
    this.#starts.keepLoaded(uid);
  }

  /** The bot does not want to start. */
  leave(uid: string): void {
    this.#starts.leave(uid);
  }

  /** Undefined where the bot may start now; else when its turn comes, about (RFC 3339). */
  turnOf({ uid, fleet, weight, settings }: Starter): string | undefined {
    const limits = coldStartLimits(settings);
    if (limits) this.#recall(fleet, limits);
    const turnMs = this.#starts.turnOf({ uid, fleet, weight, limits });
    if (turnMs === undefined) return undefined;
    const turnAtMs = this.#clock.wallMs() + turnMs - this.#clock.monotonicMs();
    return toTimestamp(Math.ceil(turnAtMs / MINUTE_MS) * MINUTE_MS);
  }

  close(): void {
    this.#starts.close();
  }

  #recall(fleet: string, limits: ColdStartLimits): void {
    if (this.#recalled.has(fleet)) return;
    this.#recalled.add(fleet);
    const agesMs = this.#before.bots.flatMap(({ placement, status: { startedAt } }) =>
      placement?.fleet === fleet && startedAt !== undefined ? this.#agoMs(startedAt) : [],
    );
    this.#starts.restore(fleet, limits, agesMs);
  }

  #agoMs(timestamp: string): number {
    return Math.max(0, this.#clock.wallMs() - fromTimestamp(timestamp));
  }
}
