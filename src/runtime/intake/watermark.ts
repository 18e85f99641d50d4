/**
 * Remembers which updates are unfinished and which are done, and so how far a poll may confirm.
 *
 * ```
 *   id      17    18    19    20    21          offset = 18: 17 is done, 18 is not;
 *          done  open  done  done  (next)       19 and 20 come again with every poll, and are
 *                 ▲                             known, until 18 is done: then offset = 21
 *              offset
 * ```
 *
 * Telegram promises no more of ids than that they rise within an answer: they have gaps, and after
 * a quiet week they go on anywhere, below the last one too. So nothing is taken from an id but
 * whether it is known, and the offset may fall.
 */
export class Watermark {
  // At most as many as an answer holds; empty arrays weigh a tenth of empty sets.
  #open: readonly number[] = NONE;
  #done: readonly number[] = NONE;
  #next = 0;

  /** How many updates are unfinished. */
  get open(): number {
    return this.#open.length;
  }

  /**
   * What the next getUpdates may carry as `offset`: all below it is done. 0, which confirms
   * nothing, until an update was seen.
   */
  get offset(): number {
    let offset = this.#next;
    for (const id of this.#open) offset = Math.min(offset, id);
    return offset;
  }

  /**
   * The offset of a poll that is about to be sent. What Telegram can't give back in its answer is
   * forgotten; what is finished while it runs is not.
   */
  beginPoll(): number {
    const offset = this.offset;
    const isFarther = (id: number): boolean => id >= offset;
    this.#done = this.#open.length === 0 ? NONE : this.#done.filter(isFarther);
    return offset;
  }

  /** Takes note of an update that came in. False where it is known, and so not to be handled. */
  accept(id: number): boolean {
    if (this.#open.includes(id) || this.#done.includes(id)) return false;
    this.#open = [...this.#open, id];
    this.#next = id + 1;
    return true;
  }

  /** The update is handled, or given up for good. */
  finish(id: number): void {
    if (!this.#open.includes(id)) return;
    this.#open = without(this.#open, id);
    this.#done = [...this.#done, id];
  }

  /** Everything up to `id` counts as done without having been seen. */
  skipTo(id: number): void {
    this.#next = id + 1;
  }
}

const NONE: readonly number[] = [];

function without(ids: readonly number[], id: number): readonly number[] {
  return ids.length === 1 ? NONE : ids.filter((other) => other !== id);
}
