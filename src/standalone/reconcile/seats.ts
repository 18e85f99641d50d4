import type { Placement } from '../../api/tenant-bot-status.ts';
import type { BotReport, EndedBot } from '../../control/port.ts';
import type { ShardId } from '../../control/shard-id.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Seat } from './decide.ts';

/** A seat and where it is. */
export interface Taken extends Seat {
  readonly placement: Placement;
}

/** Who is to have a seat. */
export interface Seating {
  readonly uid: string;
  readonly shard: ShardId;
  readonly botId: number;
  /** Where the bot had its last place, if it ever had one. */
  readonly last: Placement | undefined;
}

/** Where the next owner of a bot is to go on. */
interface Handover {
  readonly botId: number;
  readonly offset: number;
}

/**
 * Which bots have a place in a runtime. A place is given up in two steps: the bot is withdrawn,
 * and only when its runtime has let go of it may anybody take the bot again. One that moves has a
 * place where it goes to from the moment that it begins to.
 */
export class Seats {
  readonly #clock: Clock;
  readonly #seats = new Map<string, Taken>();
  readonly #targets = new Map<string, ShardId>();
  readonly #handovers = new Map<string, Handover>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All seats, those of leaving bots too. */
  all(): readonly Taken[] {
    return [...this.#seats.values()];
  }

  has(uid: string): boolean {
    return this.#seats.has(uid);
  }

  find(uid: string): Taken | undefined {
    return this.#seats.get(uid);
  }

  /** Where the bot moves to, if it does. */
  target(uid: string): ShardId | undefined {
    return this.#targets.get(uid);
  }

  /** The places that bots are on their way to, by uid. */
  targets(): ReadonlyMap<string, ShardId> {
    return this.#targets;
  }

  /** Seats the bot, or leaves it where it sits. The epoch grows where the owner is another one. */
  take({ uid, shard, botId, last }: Seating): Placement {
    const held = this.#seats.get(uid);
    const placement = held?.placement ?? this.#newPlacement(shard, last);
    const { fleet } = placement;
    this.#seats.set(uid, { uid, fleet, botId, leaving: false, placement });
    this.#targets.delete(uid);
    return placement;
  }

  #newPlacement({ fleet, ordinal: shard }: ShardId, last: Placement | undefined): Placement {
    if (last?.fleet === fleet && last.shard === shard) return last;
    const since = toTimestamp(this.#clock.wallMs());
    return { fleet, shard, epoch: (last?.epoch ?? 0) + 1, since };
  }

  /** Withdraws the bot, so that it goes to `target`, or nowhere. */
  leave(uid: string, target?: ShardId): void {
    const seat = this.#seats.get(uid);
    if (seat) this.#seats.set(uid, { ...seat, leaving: true });
    if (target) this.#targets.set(uid, target);
    else this.#targets.delete(uid);
  }

  /** Frees the seat of a withdrawn bot that is gone; false where there is none. */
  release({ uid, epoch, offset }: EndedBot): boolean {
    const seat = this.#seats.get(uid);
    if (!seat?.leaving || seat.placement.epoch !== epoch) return false;
    this.#seats.delete(uid);
    if (offset === undefined) this.#handovers.delete(uid);
    else this.#handovers.set(uid, { botId: seat.botId, offset });
    return true;
  }

  /** Where the last owner of the bot has ended, until the next one is at work. */
  handover(uid: string, botId: number): number | undefined {
    const handover = this.#handovers.get(uid);
    return handover?.botId === botId ? handover.offset : undefined;
  }

  /** Whether the report is about the bot where it now has its place. */
  isCurrent({ uid, epoch }: BotReport): boolean {
    return this.#seats.get(uid)?.placement.epoch === epoch;
  }

  /** The owner of the bot is at work: what it was handed is its own affair from now on. */
  atWork(uid: string): void {
    if (!this.#seats.get(uid)?.leaving) this.#handovers.delete(uid);
  }
}
