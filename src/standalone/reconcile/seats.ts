import type { Placement } from '../../api/tenant-bot-status.ts';
import type { BotReport } from '../../control/port.ts';
import { type Clock, type Timer, toTimestamp } from '../../lib/clock.ts';
import type { Seat } from './decide.ts';

/** Longer than any drain that the runtime allows itself: then it is counted as gone. */
const GRACE_MS = 2_000;

interface Taken extends Seat {
  readonly placement: Placement;
  readonly timer?: Timer;
}

/** Who is to have a seat. */
export interface Seating {
  readonly uid: string;
  readonly fleet: string;
  readonly botId: number;
  /** Where the bot had its last place, if it ever had one. */
  readonly last: Placement | undefined;
}

/**
 * Which bots have a place in a runtime. A place is given up in two steps: the bot is withdrawn,
 * and only when its runtime has reported that it is gone may anybody take the bot again.
 */
export class Seats {
  readonly #clock: Clock;
  readonly #onRelease: (uid: string) => void;
  readonly #seats = new Map<string, Taken>();

  constructor(clock: Clock, onRelease: (uid: string) => void) {
    this.#clock = clock;
    this.#onRelease = onRelease;
  }

  /** All seats, those of leaving bots too. */
  all(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  has(uid: string): boolean {
    return this.#seats.has(uid);
  }

  /** Seats the bot, or leaves it where it sits. The epoch grows where the owner is another one. */
  take({ uid, fleet, botId, last }: Seating): Placement {
    const held = this.#seats.get(uid);
    held?.timer?.cancel();
    const placement = held?.placement ?? this.#newPlacement(fleet, last);
    this.#seats.set(uid, { uid, fleet, botId, leaving: false, placement });
    return placement;
  }

  #newPlacement(fleet: string, last: Placement | undefined): Placement {
    if (last?.fleet === fleet) return last;
    const since = toTimestamp(this.#clock.wallMs());
    return { fleet, shard: 0, epoch: (last?.epoch ?? 0) + 1, since };
  }

  /** Withdraws the bot; `drainMs` is how long its runtime may take to let go. */
  leave(uid: string, drainMs: number): void {
    const seat = this.#seats.get(uid);
    if (!seat || seat.leaving) return;
    const timer = this.#clock.setTimer(drainMs + GRACE_MS, () => this.#release(uid));
    this.#seats.set(uid, { ...seat, leaving: true, timer });
  }

  /** Frees the seat of a withdrawn bot that is gone. */
  heard({ uid, epoch, facts }: BotReport): void {
    const seat = this.#seats.get(uid);
    if (!seat?.leaving || facts.lifecycle !== 'Stopped') return;
    if (seat.placement.epoch === epoch) this.#release(uid);
  }

  /** Whether the report is about the bot where it now has its place. */
  isCurrent({ uid, epoch }: BotReport): boolean {
    const seat = this.#seats.get(uid);
    return seat?.placement.epoch === epoch;
  }

  /** Cancels all timers. */
  close(): void {
    for (const seat of this.#seats.values()) seat.timer?.cancel();
  }

  #release(uid: string): void {
    const seat = this.#seats.get(uid);
    seat?.timer?.cancel();
    this.#seats.delete(uid);
    this.#onRelease(uid);
  }
}
