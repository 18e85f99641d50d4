import type { ColdStartLimits } from '../../api/cold-start.ts';
import { StartBudget } from './start-budget.ts';

/** A bot that Telegram has to load before it answers. */
export interface ColdBot {
  readonly uid: string;
  /** Its share beside others: who weighs twice as much waits half as long. */
  readonly weight: number;
}

interface Waiting extends ColdBot {
  readonly sinceMs: number;
}

/**
 * The line in which a fleet's cold bots wait for their turn: first whose time of waiting, times its
 * weight, is longest. Pure: time comes in with each call, from the monotonic clock.
 */
export class ColdStartQueue {
  readonly #budget: StartBudget;
  readonly #waiting = new Map<string, Waiting>();

  constructor(limits: ColdStartLimits) {
    this.#budget = new StartBudget(limits);
  }

  /** Other limits from now on; what was started counts towards them. */
  setLimits(limits: ColdStartLimits): void {
    this.#budget.setLimits(limits);
  }

  /**
   * Puts the bot in the line; who is in it keeps the time that it has waited. Returns when its turn
   * comes, if nobody with a better claim comes.
   */
  enter(bot: ColdBot, nowMs: number): number {
    const sinceMs = this.#waiting.get(bot.uid)?.sinceMs ?? nowMs;
    const mine = { ...bot, sinceMs };
    this.#waiting.set(bot.uid, mine);
    let ahead = 0;
    for (const other of this.#waiting.values()) if (byClaim(nowMs)(other, mine) < 0) ahead++;
    return this.#budget.next(nowMs, ahead + 1)[ahead] ?? nowMs;
  }

  /** Takes the bot out of the line: it does not want to start any more. */
  leave(uid: string): void {
    this.#waiting.delete(uid);
  }

  /** Takes those out whose turn has come, first the first; their starts count from now. */
  admit(nowMs: number): string[] {
    const turnsMs = this.#budget.next(nowMs, this.#waiting.size);
    const later = turnsMs.findIndex((turnMs) => turnMs > nowMs);
    const inOrder = [...this.#waiting.values()].toSorted(byClaim(nowMs));
    const due = inOrder.slice(0, later < 0 ? undefined : later);
    for (const { uid } of due) {
      this.#waiting.delete(uid);
      this.#budget.take(nowMs);
    }
    return due.map(({ uid }) => uid);
  }

  /** When somebody's turn comes next. */
  nextMs(nowMs: number): number | undefined {
    return this.#waiting.size === 0 ? undefined : this.#budget.next(nowMs, 1)[0];
  }

  /** Counts starts that another leader made, at these times. */
  restore(startsMs: readonly number[], nowMs: number): void {
    this.#budget.restore(startsMs, nowMs);
  }
}

/** Who comes first. */
function byClaim(nowMs: number): (a: Waiting, b: Waiting) => number {
  // One more, so that weight counts for those too who have only just come.
  const claim = ({ weight, sinceMs }: Waiting): number => weight * (nowMs - sinceMs + 1);
  return (a, b) => claim(b) - claim(a) || (a.uid < b.uid ? -1 : 1);
}
