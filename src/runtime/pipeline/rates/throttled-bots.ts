const LOOKBACK_MS = 10_000;

/** Counts the bots that Telegram lately told to slow down altogether, not in one chat alone. */
export class ThrottledBots {
  readonly #lastMs = new Map<object, number>();

  note(bot: object, nowMs: number): void {
    // The last one to be told is the last one here.
    this.#lastMs.delete(bot);
    this.#lastMs.set(bot, nowMs);
  }

  /** Those of the last ten seconds. */
  count(nowMs: number): number {
    for (const [bot, atMs] of this.#lastMs) {
      if (nowMs - atMs < LOOKBACK_MS) break;
      this.#lastMs.delete(bot);
    }
    return this.#lastMs.size;
  }
}
