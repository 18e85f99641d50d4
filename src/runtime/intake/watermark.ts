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
  readonly #open = new Set<number>();
  readonly #done = new Set<number>();
  #next = 0;

  /** How many updates are unfinished. */
  get open(): number {
    return this.#open.size;
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
    for (const id of this.#done) if (this.#open.size === 0 || id < offset) this.#done.delete(id);
    return offset;
  }

  /** Takes note of an update that came in. False where it is known, and so not to be handled. */
  accept(id: number): boolean {
    if (this.#open.has(id) || this.#done.has(id)) return false;
    this.#open.add(id);
    this.#next = id + 1;
    return true;
  }

  /** The update is handled, or given up for good. */
  finish(id: number): void {
    if (this.#open.delete(id)) this.#done.add(id);
  }

  /** Everything up to `id` counts as done without having been seen. */
  skipTo(id: number): void {
    this.#next = id + 1;
  }
}
