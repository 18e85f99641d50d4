/** What is kept of a bot: when it was last heard of, and whether its call failed. */
export interface RecentMark {
  /** Undefined before the first call. Means something to {@link RecentBots} only. */
  recentSlot: number | undefined;
  recentlyFailed: boolean;
}

/** A little longer than a poll is held, so that idle bots count too. */
const SLOTS = 6;
const SLOT_MS = 10_000;

/**
 * Counts the bots that made a call in the last minute by how their last one ended. Each bot counts
 * once, wherever its mark stands, so that a busy one weighs no more than others.
 */
export class RecentBots {
  readonly #answered = Array.from({ length: SLOTS }, () => 0);
  readonly #failed = Array.from({ length: SLOTS }, () => 0);
  #newest = 0;
  /** Moves all marks made before {@link clear} out of sight. */
  #shift = 0;

  /** A call of the bot with `mark` has ended. */
  note(mark: RecentMark, failed: boolean, nowMs: number): void {
    this.#moveTo(Math.floor(nowMs / SLOT_MS) + this.#shift);
    if (mark.recentSlot !== undefined && mark.recentSlot > this.#newest - SLOTS) {
      this.#add(mark.recentSlot, mark.recentlyFailed, -1);
    }
    mark.recentSlot = this.#newest;
    mark.recentlyFailed = failed;
    this.#add(mark.recentSlot, failed, 1);
  }

  /** As of the last {@link note}. */
  counts(): { readonly failed: number; readonly all: number } {
    const failed = sum(this.#failed);
    return { failed, all: failed + sum(this.#answered) };
  }

  /** Forgets all bots. */
  clear(): void {
    this.#shift += SLOTS;
    this.#moveTo(this.#newest + SLOTS);
  }

  #add(slot: number, failed: boolean, by: number): void {
    const counts = failed ? this.#failed : this.#answered;
    const place = slot % SLOTS;
    counts[place] = (counts[place] ?? 0) + by;
  }

  #moveTo(slot: number): void {
    for (let next = Math.max(this.#newest + 1, slot - SLOTS + 1); next <= slot; next++) {
      this.#answered[next % SLOTS] = 0;
      this.#failed[next % SLOTS] = 0;
    }
    this.#newest = Math.max(this.#newest, slot);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
